package com.example.fib.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A private RabbitMQ node, by bin/rabbitmq. */
final class Broker implements AutoCloseable {

    private static final String SCRIPT = Bench.ROOT.resolve("bin/rabbitmq").toString();

    private final String folder;
    private final String url;
    private final String addresses;
    private final long pid;
    private final String version;
    private final Thread atExit = new Thread(this::stop);

    private Broker(String folder, String url, String addresses) {
        this.folder = folder;
        this.url = url;
        this.addresses = addresses;
        Runtime.getRuntime().addShutdownHook(atExit);
        this.pid = Long.parseLong(command(10, "pid", "--dir", folder).strip());
        this.version = command(60, "ctl", "--dir", folder, "version").strip();
    }

    static Broker start() {
        String owner = Long.toString(ProcessHandle.current().pid());
        String said = command(420, "start", "--port", "0", "--owner", owner);
        return new Broker(
                value(said, "RABBITMQ_DIR"), value(said, "RABBITMQ_URL"), value(said, "SPRING_RABBITMQ_ADDRESSES"));
    }

    private static String value(String said, String key) {
        Matcher line = Pattern.compile("(?m)^" + key + "=(.*)$").matcher(said);
        if (!line.find()) {
            throw new IllegalStateException("bin/rabbitmq did not name " + key + ":\n" + said);
        }
        return line.group(1).strip();
    }

    private static String command(int seconds, String... arguments) {
        List<String> command = new ArrayList<>(List.of(SCRIPT));
        command.addAll(List.of(arguments));
        return Program.run("rabbitmq-" + arguments[0], Bench.ROOT, Map.of(), command, seconds);
    }

    /** Where it is, for Spring's programs and for the others. */
    Map<String, String> settings() {
        return Map.of("SPRING_RABBITMQ_ADDRESSES", addresses, "RABBITMQ_URL", url);
    }

    long pid() {
        return pid;
    }

    String version() {
        return version;
    }

    /** Also as the JVM ends, when no {@link Program} can be started any more. Should it fail: the broker ends 2 s after its owner. */
    private void stop() {
        try {
            Process stop = new ProcessBuilder(SCRIPT, "stop", "--now", "--dir", folder)
                    .redirectErrorStream(true)
                    .redirectOutput(Bench.WORK.resolve("rabbitmq-stop.log").toFile())
                    .start();
            if (!stop.waitFor(30, TimeUnit.SECONDS)) {
                stop.destroyForcibly();
                throw new IllegalStateException("The broker could not be stopped in 30 s");
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        if (Program.isEnding()) {
            return; // the hook stops it
        }
        stop();
        Runtime.getRuntime().removeShutdownHook(atExit);
    }
}
