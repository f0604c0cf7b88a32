package com.example.fib.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** A process of the benchmark's. However the benchmark ends, it ends, too. */
final class Program implements AutoCloseable {

    /** Settings of whoever runs the benchmark that would change what is measured. */
    private static final List<String> NOT_INHERITED = List.of(
            "SPRING_", "FIB_", "SERVER_", "MANAGEMENT_", "RABBITMQ_URL", "JAVA_", "JDK_JAVA_", "_JAVA_", "NODE_");

    private static final Set<Program> running = ConcurrentHashMap.newKeySet();
    private static boolean ending;

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(Program::killAll));
    }

    private final String name;
    private final Path log;
    private final Process process;

    private Program(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
    }

    /** To be called by the main thread only: the kernel ends a process when the thread that started it ends. */
    static Program start(String name, Path folder, Map<String, String> settings, List<String> command) {
        List<String> bound = new ArrayList<>(command);
        if (Files.isExecutable(Path.of("/usr/bin/setpriv"))) {
            bound.addAll(0, List.of("/usr/bin/setpriv", "--pdeathsig", "KILL"));
        }
        Path log = Bench.WORK.resolve(name + ".log");
        ProcessBuilder builder = new ProcessBuilder(bound)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().keySet().removeIf(key -> NOT_INHERITED.stream().anyMatch(key::startsWith));
        builder.environment().putAll(settings);
        synchronized (Program.class) {
            if (ending) {
                throw new IllegalStateException("The benchmark is ending");
            }
            try {
                Program program = new Program(name, log, builder.start());
                running.add(program);
                return program;
            } catch (IOException ex) {
                throw new UncheckedIOException(ex);
            }
        }
    }

    /** Runs a program to its end and returns what it printed. */
    static String run(String name, Path folder, Map<String, String> settings, List<String> command, int seconds) {
        try (Program program = start(name, folder, settings, command)) {
            return program.awaitSuccess(seconds);
        }
    }

    String awaitSuccess(int seconds) {
        try {
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                throw new IllegalStateException(name + " has not ended within " + seconds + " s:\n" + tail());
            }
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ex);
        }
        if (process.exitValue() != 0) {
            throw new IllegalStateException(name + " failed with " + process.exitValue() + ":\n" + tail());
        }
        return log();
    }

    /** Waits until it has printed this, and returns the time. */
    long awaitLog(String text, int seconds) {
        long giveUp = System.nanoTime() + seconds * 1_000_000_000L;
        while (!log().contains(text)) {
            if (!isAlive() || System.nanoTime() > giveUp) {
                throw new IllegalStateException(name + " has not said \"" + text + "\":\n" + tail());
            }
            Run.sleep(0.005);
        }
        return System.nanoTime();
    }

    private static synchronized void killAll() {
        ending = true;
        running.forEach(program -> program.process.destroyForcibly());
    }

    static synchronized boolean isEnding() {
        return ending;
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    String log() {
        try {
            return Files.readString(log);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    String tail() {
        String text = log();
        return text.substring(Math.max(0, text.length() - 3000));
    }

    @Override
    public void close() {
        process.destroyForcibly(); // nothing of it is of interest any more
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException(name + " cannot be ended");
            }
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
        running.remove(this);
    }
}
