package com.example.fib.broker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A node that {@code bin/rabbitmq} runs, alone or as one of a cluster. */
final class PrivateBroker extends TestBroker {

    // The first start on a machine may have to install RabbitMQ.
    private static final Duration START_BOUND = Duration.ofMinutes(12);
    private static final Duration BOUND = Duration.ofSeconds(100);

    private final RabbitScript script;
    private final String dir;
    private final int node;
    private final boolean shared;

    private PrivateBroker(RabbitScript script, String address, String dir, int node, boolean shared) {
        super("amqp://guest:guest@" + address);
        this.script = script;
        this.dir = dir;
        this.node = node;
        this.shared = shared;
    }

    /** Starts so many nodes, as a cluster if more than one. */
    static List<PrivateBroker> start(int nodes, String... settings) {
        RabbitScript script = RabbitScript.find();
        List<String> arguments = new ArrayList<>(List.of("start", "--port", "0", "--nodes", String.valueOf(nodes)));
        arguments.addAll(
                List.of("--owner", String.valueOf(ProcessHandle.current().pid())));
        for (String setting : settings) {
            arguments.addAll(List.of("--set", setting));
        }
        Map<String, String> values = RabbitScript.values(script.run(START_BOUND, arguments));
        String dir = values.getOrDefault("RABBITMQ_DIR", "");
        String[] addresses =
                values.getOrDefault("SPRING_RABBITMQ_ADDRESSES", "").split(",", -1);
        return IntStream.rangeClosed(1, nodes)
                .mapToObj(node -> new PrivateBroker(script, addresses[node - 1], dir, node, false))
                .toList();
    }

    /** The same node without its faults: no test may break what others use. */
    PrivateBroker unbreakable() {
        return new PrivateBroker(script, host() + ":" + port(), dir, node, true);
    }

    @Override
    public String ctl(String... arguments) {
        List<String> all = new ArrayList<>(List.of("-s"));
        all.addAll(List.of(arguments));
        return onNode("ctl", all.toArray(String[]::new));
    }

    @Override
    public String log() {
        try (Stream<Path> files = Files.list(Path.of(dir, "node" + node, "log"))) {
            return files.map(PrivateBroker::text).collect(Collectors.joining());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void kill() {
        signal("KILL");
    }

    @Override
    public void freeze() {
        signal("STOP");
    }

    @Override
    public void resume() {
        signal("CONT");
    }

    @Override
    public void stop() {
        requireOwn();
        onNode("stop-node");
    }

    @Override
    public void restart() {
        requireOwn();
        onNode("stop-node");
        onNode("start-node");
    }

    private void signal(String signal) {
        requireOwn();
        onNode("signal", signal);
    }

    private void requireOwn() {
        if (shared) {
            throw new UnsupportedOperationException("others use this broker: take one of your own, TestBroker.start()");
        }
    }

    private String onNode(String command, String... arguments) {
        List<String> all = new ArrayList<>(List.of(command, "--dir", dir, "--node", String.valueOf(node)));
        all.addAll(List.of(arguments));
        return script.run(BOUND, all);
    }

    @Override
    public void close() {
        if (!shared) {
            end();
        }
    }

    void end() {
        script.run(BOUND, List.of("stop", "--now", "--dir", dir));
    }
}
