package com.example.fib.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Callers in closed loops over HTTP/1.1, each with a connection of its own; every answer is compared with the digits that it
 * must have. One thread, so that it takes little of the CPU that it shares with what it measures. Latencies are kept, all of
 * them, so that percentiles are exact.
 */
final class Load implements AutoCloseable {

    /** What a caller may wait for at most after the end before its call counts as failed. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final InetSocketAddress gateway;
    private final byte[][] requests;
    private final byte[][] digits;
    private final Selector selector = Selector.open();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(256 * 1024);

    private long end;
    private int underWay;
    private int size;
    private long[] starts = new long[1 << 16];
    private long[] latencies = new long[1 << 16];
    private long inTime;
    private long failed;
    private long wrong;

    private Load(int port, List<Integer> numbers) throws IOException {
        gateway = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        requests = new byte[numbers.size()][];
        digits = new byte[numbers.size()][];
        for (int i = 0; i < numbers.size(); i++) {
            int n = numbers.get(i);
            requests[i] =
                    ("GET /fib/" + n + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n").getBytes(ISO_8859_1);
            digits[i] = Digits.of(n);
        }
    }

    /** The numbers rotate, from a random one on for each caller. */
    static Outcome run(int port, int callers, double seconds, List<Integer> numbers) {
        try (Load load = new Load(port, numbers)) {
            return load.run(callers, seconds);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private Outcome run(int callers, double seconds) throws IOException {
        Caller[] all = new Caller[callers];
        for (int i = 0; i < callers; i++) {
            all[i] = new Caller();
            all[i].connect();
        }
        long begin = System.nanoTime();
        end = begin + (long) (seconds * 1e9);
        for (Caller caller : all) {
            caller.call();
        }
        long giveUp = end + PATIENCE.toNanos();
        while (underWay > 0 && System.nanoTime() < giveUp) {
            selector.select(100);
            for (SelectionKey key : selector.selectedKeys()) {
                ((Caller) key.attachment()).ready();
            }
            selector.selectedKeys().clear();
        }
        failed += underWay;
        for (Caller caller : all) {
            caller.channel.close();
        }
        for (int i = 0; i < size; i++) {
            starts[i] -= begin;
        }
        return new Outcome(seconds, inTime, failed, wrong, Arrays.copyOf(starts, size), Arrays.copyOf(latencies, size));
    }

    @Override
    public void close() throws IOException {
        selector.close();
    }

    private void record(long start, long now) {
        if (size == starts.length) {
            starts = Arrays.copyOf(starts, size * 2);
            latencies = Arrays.copyOf(latencies, size * 2);
        }
        starts[size] = start;
        latencies[size++] = now - start;
        inTime += now <= end ? 1 : 0;
    }

    /** A connection and what has come on it. */
    private final class Caller {

        private SocketChannel channel;
        private int next = ThreadLocalRandom.current().nextInt(requests.length);
        private long start;
        private byte[] in = new byte[2048];
        private int filled;

        private void connect() throws IOException {
            channel = SocketChannel.open(gateway);
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.register(selector, SelectionKey.OP_READ, this);
        }

        /** Begins the next call, or none when time is up. */
        private void call() throws IOException {
            next = (next + 1) % requests.length;
            filled = 0;
            start = System.nanoTime();
            if (start < end) {
                underWay++;
                if (channel.write(ByteBuffer.wrap(requests[next])) != requests[next].length) {
                    throw new IOException("A request did not fit into an empty socket");
                }
            }
        }

        private void ready() throws IOException {
            buffer.clear();
            int read;
            try {
                read = channel.read(buffer);
            } catch (IOException ex) {
                read = -1;
            }
            if (read < 0) {
                lost();
                return;
            }
            if (in.length < filled + read) {
                in = Arrays.copyOf(in, Math.max(filled + read, 2 * in.length));
            }
            buffer.flip().get(in, filled, read);
            filled += read;
            Response response = Response.parse(in, filled);
            if (response != null) {
                long now = System.nanoTime();
                underWay--;
                if (response.status() != 200) {
                    failed++;
                } else if (!response.hasBody(in, digits[next])) {
                    wrong++;
                } else {
                    record(start, now);
                }
                if (response.isLast()) {
                    channel.close();
                    connect();
                }
                call();
            }
        }

        /** The gateway closed it: what was under way has failed, and the caller goes on by a new connection. */
        private void lost() throws IOException {
            boolean waiting = start < end;
            channel.close();
            if (waiting) {
                underWay--;
                failed++;
                connect();
                call();
            }
        }
    }
}
