package com.example.fib.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/** A gateway and its servers, of one stack, on queues of their own. */
record Pair(String name, List<Program> servers, Program gateway, int port) implements AutoCloseable {

    static final int READY_SECONDS = 120;

    /** What a program is told: the broker, a free port, loopback only. */
    static Map<String, String> settings(Broker broker, int port) {
        Map<String, String> settings = new HashMap<>(broker.settings());
        settings.put("SERVER_PORT", Integer.toString(port));
        settings.put("SERVER_ADDRESS", "127.0.0.1");
        return settings;
    }

    /** As many servers as are wanted, and a gateway. */
    static Pair start(String name, Broker broker, Starter server, int servers, Starter gateway) {
        Map<String, String> queue = Map.of("FIB_QUEUE_NAME", "bench_" + name); // the peers have names of their own
        List<Program> all = new ArrayList<>();
        for (int i = 1; i <= servers; i++) {
            String program = name + "-server" + (i == 1 ? "" : i);
            all.add(server.with(queue).start(program, settings(broker, freePort())));
        }
        int port = freePort();
        return new Pair(name, all, gateway.with(queue).start(name + "-gateway", settings(broker, port)), port);
    }

    Pair awaitReady() {
        await(gateway, port, "/fib/30", "832040");
        return this;
    }

    /** Asks until it answers 200, with this body where one is given, and returns the time of that answer. */
    static long await(Program program, int port, String path, String body) {
        long giveUp = System.nanoTime() + READY_SECONDS * 1_000_000_000L;
        while (!answers(port, path, body)) {
            if (!program.isAlive() || System.nanoTime() > giveUp) {
                throw new IllegalStateException("No answer from " + path + ":\n" + program.tail());
            }
            Run.sleep(0.005);
        }
        return System.nanoTime();
    }

    private static boolean answers(int port, String path, String body) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(2_000);
            String request = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            return answer.startsWith("HTTP/1.1 200") && (body.isEmpty() || answer.contains(body));
        } catch (IOException ex) {
            return false;
        }
    }

    static int freePort() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(12_000, 32_000); // below what outgoing connections take
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (BindException ex) {
                // Taken: another one.
            } catch (IOException ex) {
                throw new UncheckedIOException(ex);
            }
        }
    }

    double serverCpu() {
        return servers.stream().mapToDouble(server -> Proc.cpu(server.pid())).sum();
    }

    double gatewayCpu() {
        return Proc.cpu(gateway.pid());
    }

    @Override
    public void close() {
        gateway.close();
        servers.forEach(Program::close);
    }
}
