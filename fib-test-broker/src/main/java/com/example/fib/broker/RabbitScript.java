package com.example.fib.broker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The repository's {@code bin/rabbitmq}, run with bounds. */
final class RabbitScript {

    private final Path script;

    private RabbitScript(Path script) {
        this.script = script;
    }

    /**
     * Finds it from the current folder upwards.
     *
     * @throws IllegalStateException if this is not the repository
     */
    static RabbitScript find() {
        Path start = Path.of(System.getProperty("user.dir")).toAbsolutePath();
        for (Path dir = start; dir != null; dir = dir.getParent()) {
            Path script = dir.resolve("bin/rabbitmq");
            if (Files.isExecutable(script)) {
                return new RabbitScript(script);
            }
        }
        throw new IllegalStateException("no bin/rabbitmq in " + start + " or above");
    }

    /**
     * Runs it and returns what it wrote.
     *
     * @throws IllegalStateException if it fails or takes longer than the bound; the message holds what it wrote
     */
    String run(Duration bound, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(script.toString()));
        command.addAll(arguments);
        try {
            // A file and no pipe: nothing to read in parallel, and nothing that a process left over could hold open.
            Path output = Files.createTempFile("fib-rabbitmq-", ".out");
            try {
                Process process = new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
                process.getOutputStream().close();
                boolean ended = waitFor(process, bound, output);
                String text = Files.readString(output).strip();
                if (!ended || process.exitValue() != 0) {
                    String how = ended ? "failed (" + process.exitValue() + ")" : "took longer than " + bound;
                    throw new IllegalStateException(String.join(" ", command) + " " + how + ":\n" + text);
                }
                return text;
            } finally {
                Files.deleteIfExists(output);
            }
        } catch (IOException e) {
            throw new IllegalStateException("cannot run " + String.join(" ", command), e);
        }
    }

    /** Says meanwhile what it installs, as that takes longest: its lines that end with three dots. */
    private static boolean waitFor(Process process, Duration bound, Path output) throws IOException {
        long start = System.nanoTime();
        long said = 0;
        try {
            while (System.nanoTime() - start < bound.toNanos()) {
                if (process.waitFor(1, TimeUnit.SECONDS)) {
                    return true;
                }
                List<String> lines = Files.readAllLines(output);
                lines.stream().skip(said).filter(line -> line.endsWith(" ...")).forEach(System.out::println);
                said = lines.size();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroy(); // not by force: it then stops what it has started
        return false;
    }

    /** The lines {@code NAME=value} of an output. */
    static Map<String, String> values(String output) {
        return output.lines()
                .filter(line -> line.matches("[A-Z_]+=.*"))
                .collect(Collectors.toMap(
                        line -> line.substring(0, line.indexOf('=')), line -> line.substring(line.indexOf('=') + 1)));
    }
}
