package com.example.fib.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The benchmark from end to end; {@code bench/run} builds what it needs and starts it. */
public final class Bench {

    static final Path ROOT =
            Path.of(System.getProperty("bench.root", ".")).toAbsolutePath().normalize();
    static final Path WORK = ROOT.resolve("bench/target/work");
    static final List<String> PARTS = List.of("rounds", "step", "start", "digits", "fairness");

    private Bench() {}

    /** Options are those of bench/run. */
    public static void main(String[] args) throws IOException {
        try {
            run(List.of(args));
        } catch (RuntimeException ex) {
            if (!Program.isEnding()) { // otherwise it fails because all that it talks to has been ended
                throw ex;
            }
        }
    }

    private static void run(List<String> options) throws IOException {
        Plan plan = options.contains("--short") ? Plan.SHORT : Plan.FULL;
        Set<String> parts = chosen(options, "--only", PARTS);
        Set<String> stacks = chosen(options, "--stacks", Stacks.ALL);
        delete(WORK);
        Files.createDirectories(WORK);
        Jdk jdk = Jdk.at(Path.of(System.getProperty("java.home")));
        Run.step("JDK " + jdk.fullVersion() + ", starting a broker");
        try (Broker broker = Broker.start()) {
            Run.step("RabbitMQ " + broker.version() + "; preparing ours as its image does");
            Run run = new Run(plan, parts, stacks, jdk, broker, Image.build(jdk));
            measure(run);
            boolean sound = run.report().write();
            Run.step("Done");
            if (!sound) {
                System.exit(1);
            }
        }
    }

    private static void measure(Run run) {
        if (run.has("rounds") || run.has("step")) {
            new Rounds(run).measure();
        }
        if (run.has("start")) {
            new Starts(run, System.getProperty("bench.jdk17", "")).measure();
        }
        if (run.has("digits")) {
            new LargeNumbers(run).measure();
        }
        if (run.has("fairness")) {
            new Fairness(run).measure();
        }
    }

    private static Set<String> chosen(List<String> options, String option, List<String> all) {
        int at = options.indexOf(option);
        Set<String> chosen = new LinkedHashSet<>(
                at < 0 ? all : Arrays.asList(options.get(at + 1).split(",", -1)));
        if (!all.containsAll(chosen)) {
            throw new IllegalArgumentException(option + " takes some of " + String.join(",", all));
        }
        return chosen;
    }

    static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }
}
