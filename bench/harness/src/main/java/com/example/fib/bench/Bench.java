package com.example.fib.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The benchmark from end to end; {@code bench/run} builds what it needs and starts it. */
public final class Bench {

    static final Path ROOT =
            Path.of(System.getProperty("bench.root", ".")).toAbsolutePath().normalize();
    static final Path WORK = ROOT.resolve("bench/target/work");
    private static final Path PEERS = ROOT.resolve("bench/peers");

    private static final List<Integer> SMALL =
            IntStream.rangeClosed(0, 90).boxed().toList();
    private static final long STARTED = System.nanoTime();

    private final Figures figures = new Figures();
    private final List<String> notes = new ArrayList<>();
    private final Map<String, Long> failed = new LinkedHashMap<>();
    private final Jdk jdk = Jdk.at(Path.of(System.getProperty("java.home")));
    private final Plan plan;
    private final Set<String> parts;
    private final Set<String> stacks;
    private final Broker broker;
    private final List<Image> images;
    private double stolen;

    private Bench(Plan plan, Set<String> parts, Set<String> stacks, Broker broker, List<Image> images) {
        this.plan = plan;
        this.parts = parts;
        this.stacks = stacks;
        this.broker = broker;
        this.images = images;
    }

    /** Options are those of bench/run. */
    public static void main(String[] args) throws IOException {
        try {
            run(args);
        } catch (RuntimeException ex) {
            if (!Program.isEnding()) { // otherwise it fails because all that it talks to has been ended
                throw ex;
            }
        }
    }

    private static void run(String... args) throws IOException {
        List<String> options = List.of(args);
        Plan plan = options.contains("--short") ? Plan.SHORT : Plan.FULL;
        Set<String> parts = names(options, "--only", "rounds,step,start,digits,servers");
        Set<String> stacks = names(options, "--stacks", "ours,tutorial,raw,node");
        delete(WORK);
        Files.createDirectories(WORK);
        Jdk jdk = Jdk.at(Path.of(System.getProperty("java.home")));
        step("JDK " + jdk.fullVersion() + ", starting a broker");
        try (Broker broker = Broker.start()) {
            step("RabbitMQ " + broker.version() + "; preparing ours as its image does");
            Bench bench = new Bench(plan, parts, stacks, broker, Image.build(jdk));
            bench.run(System.getProperty("bench.jdk17", ""));
            boolean sound =
                    new Report(bench.figures, bench.notes, bench.facts()).write(bench.isShort(), bench.complete());
            step("Done");
            if (!sound) {
                System.exit(1);
            }
        }
    }

    private static Set<String> names(List<String> options, String option, String all) {
        int at = options.indexOf(option);
        Set<String> known = new LinkedHashSet<>(Arrays.asList(all.split(",", -1)));
        if (at < 0) {
            return known;
        }
        Set<String> chosen =
                new LinkedHashSet<>(Arrays.asList(options.get(at + 1).split(",", -1)));
        if (!known.containsAll(chosen)) {
            throw new IllegalArgumentException(option + " takes some of " + all);
        }
        return chosen;
    }

    private boolean isShort() {
        return plan.equals(Plan.SHORT);
    }

    private static boolean isOurs(Pair pair) {
        return pair.name().equals("ours");
    }

    private boolean complete() {
        return parts.size() == 5 && stacks.containsAll(List.of("ours", "tutorial", "raw"));
    }

    private Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("date", java.time.LocalDate.now(java.time.ZoneOffset.UTC).toString());
        facts.put(
                "machine",
                String.format(
                        Locale.ROOT,
                        "%d cores of %s, %.0f GB",
                        Runtime.getRuntime().availableProcessors(),
                        Proc.processor(),
                        Proc.machineMemory() / 1000));
        facts.put("jdk", jdk.fullVersion());
        facts.put("rabbitmq", broker.version());
        facts.put("settings of ours", String.join(" ", images.get(1).options()));
        facts.put("rounds", Integer.toString(plan.rounds()));
        facts.put("failed calls", failed.isEmpty() ? "none" : failed.toString());
        String others = String.format(Locale.ROOT, "%.0f%%", stolen * 100);
        facts.put(
                "other processes",
                "at most " + others + " of the machine's CPU in a round" + (stolen > 0.1 ? ": NOT QUIET" : ""));
        return facts;
    }

    private void run(String jdk17) {
        if (parts.contains("rounds") || parts.contains("step")) {
            rounds();
        }
        if (parts.contains("start")) {
            if (jdk.hasAotCache()) {
                start("start", jdk, images);
            } else {
                note("start with an AOT cache: not measured, it needs JDK 25");
            }
            if (jdk.version() == 17) {
                start("start17", jdk, images);
            } else if (!jdk17.isEmpty() && !isShort()) {
                Jdk old = Jdk.at(Path.of(jdk17));
                start("start17", old, Image.build(old));
            } else {
                note("start on 17: not measured: " + (isShort() ? "the short form" : "there is no JDK 17"));
            }
        }
        if (parts.contains("digits")) {
            digits();
        }
        if (parts.contains("servers")) {
            servers();
        }
    }

    // ---- the stacks in turn ----

    private void rounds() {
        List<Pair> pairs = new ArrayList<>();
        try {
            step("Starting " + String.join(", ", stacks));
            for (String stack : stacks) {
                if (stack.equals("node") && !Boolean.getBoolean("bench.node")) {
                    note("node: skipped, as there is no node or its packages could not be had");
                } else {
                    pairs.add(startStack(stack));
                }
            }
            pairs.forEach(Pair::awaitReady);
            sleep(plan.settle());
            pairs.forEach(pair -> memory(pair, "idle"));
            for (Pair pair : pairs) {
                step("Warming up " + pair.name());
                load(pair, 32, plan.warmUp(), SMALL, true);
                load(pair, 256, plan.warmUp() / 2, SMALL, true);
            }
            if (parts.contains("rounds")) {
                for (int round = 1; round <= plan.rounds(); round++) {
                    step("Round " + round + " of " + plan.rounds());
                    pairs.forEach(this::round);
                }
                pairs.forEach(pair -> memory(pair, "loaded"));
            }
            if (parts.contains("step")) {
                for (Pair pair : isShort() ? pairs.subList(0, 1) : pairs) {
                    step("Step from 1 to 256 callers: " + pair.name());
                    for (int i = 0; i < (isOurs(pair) ? plan.steps() : 1); i++) {
                        step(pair);
                    }
                }
            }
        } finally {
            pairs.forEach(Pair::close);
        }
    }

    private Pair startStack(String stack) {
        String classpath = PEERS.resolve("target/classes") + ":" + PEERS.resolve("target/lib") + "/*";
        String program = "com.example.fib.bench.peers.";
        return switch (stack) {
            // As many calls in flight as there are callers, or 1024 of them would measure refusals.
            case "ours" ->
                Pair.ours(
                        stack,
                        broker,
                        images,
                        Map.of(),
                        Map.of("FIB_MAX_IN_FLIGHT", "1024"),
                        List.<String[]>of(new String[0]));
            case "tutorial" ->
                Pair.peer(
                        stack,
                        broker,
                        List.of(jdk.java(), "-cp", classpath, program + "TutorialServer"),
                        List.of(jdk.java(), "-cp", classpath, program + "TutorialGateway"));
            case "raw" ->
                Pair.peer(
                        stack,
                        broker,
                        List.of(jdk.java(), "-cp", classpath, program + "RawServer"),
                        List.of(jdk.java(), "-cp", classpath, program + "RawGateway"));
            default ->
                Pair.peer(
                        stack,
                        broker,
                        List.of("node", PEERS.resolve("server.js").toString()),
                        List.of("node", PEERS.resolve("gateway.js").toString()));
        };
    }

    private void memory(Pair pair, String when) {
        figures.add(
                pair.name() + ".gateway." + when, Proc.resident(pair.gateway().pid()));
        figures.add(
                pair.name() + ".server." + when,
                Proc.resident(pair.servers().get(0).pid()));
    }

    private void round(Pair pair) {
        measure(pair, 1, plan.single());
        measure(pair, 32, plan.many());
        measure(pair, 256, plan.many());
        if (isOurs(pair)) {
            measure(pair, 1024, plan.many());
        }
    }

    private void measure(Pair pair, int callers, double seconds) {
        double server = pair.serverCpu();
        double gateway = pair.gatewayCpu();
        double rabbit = Proc.cpu(broker.pid());
        double self = Proc.cpu(ProcessHandle.current().pid());
        double machine = Proc.machineCpu();
        long start = System.nanoTime();
        Outcome outcome = load(pair, callers, seconds, SMALL, false);
        double took = (System.nanoTime() - start) / 1e3 * Runtime.getRuntime().availableProcessors();
        server = pair.serverCpu() - server;
        gateway = pair.gatewayCpu() - gateway;
        rabbit = Proc.cpu(broker.pid()) - rabbit;
        double ours =
                server + gateway + rabbit + Proc.cpu(ProcessHandle.current().pid()) - self;
        stolen = Math.max(stolen, (Proc.machineCpu() - machine - ours) / took);

        String name = pair.name() + "." + callers + ".";
        int calls = outcome.right();
        figures.add(name + "throughput", outcome.throughput());
        figures.add(name + "p50", outcome.percentile(0.5));
        figures.add(name + "p99", outcome.percentile(0.99));
        figures.add(name + "cpu", (server + gateway + rabbit) / calls);
        figures.add(name + "cpu.server", server / calls);
        figures.add(name + "cpu.gateway", gateway / calls);
        figures.add(name + "cpu.broker", rabbit / calls);
    }

    private void step(Pair pair) {
        load(pair, 1, plan.before(), SMALL, false);
        Outcome outcome = load(pair, 256, plan.after(), SMALL, false);
        long[] perSecond = outcome.perSecond();
        String name = pair.name() + ".step.";
        double silent = (double)
                Arrays.stream(perSecond).filter(answers -> answers == 0).count();
        figures.add(name + "silent", silent);
        figures.add(name + "p99", outcome.percentile(0.99, 0, plan.newUntil()));
        figures.add(name + "steady", outcome.percentile(0.99, plan.steadyFrom(), Double.MAX_VALUE));
        note("step, answers a second: " + pair.name() + " " + Arrays.toString(perSecond));
    }

    /** A wrong answer ends the benchmark; so do failed ones, unless it is warming up, or they are few. */
    private Outcome load(Pair pair, int callers, double seconds, List<Integer> numbers, boolean warmUp) {
        Outcome outcome = Load.run(pair.port(), callers, seconds, numbers);
        String what = pair.name() + " with " + callers + " callers" + (warmUp ? ", warming up" : "");
        if (outcome.wrong() > 0 || outcome.right() == 0) {
            throw new IllegalStateException(what + ": " + outcome.wrong() + " wrong, " + outcome.failed() + " failed, "
                    + outcome.right() + " right answers\n"
                    + pair.gateway().tail());
        }
        if (outcome.failed() > 0) {
            failed.merge(what, outcome.failed(), Long::sum);
            if (!warmUp && outcome.failed() > plan.tolerated() * outcome.right()) {
                throw new IllegalStateException(what + ": " + outcome.failed() + " of " + outcome.right()
                        + " calls failed\n" + pair.gateway().tail());
            }
        }
        return outcome;
    }

    // ---- start ----

    private void start(String name, Jdk on, List<Image> built) {
        for (int i = 1; i <= plan.starts(); i++) {
            step("Start " + i + " of " + plan.starts() + " on JDK " + on.version() + ": image's way, and java -jar");
            start(name, "image", (part, settings) -> built.get(part).start(name + part, settings));
            start(name, "jar", (part, settings) -> {
                String jar = Image.jar(part == 0 ? "fib-server" : "fib-gateway").toString();
                return Program.start(name + part, WORK, settings, List.of(on.java(), "-jar", jar));
            });
        }
    }

    @FunctionalInterface
    private interface Starter {
        Program start(int part, Map<String, String> settings);
    }

    /** One after the other, so that each has the machine for itself: the server until ready, then the gateway until a call's 200. */
    private void start(String name, String way, Starter starter) {
        int serverPort = Pair.freePort();
        long start = System.nanoTime();
        try (Program server = starter.start(0, queue(serverPort))) {
            long ready = Pair.await(server, serverPort, "/actuator/health/readiness", "");
            figures.add(name + ".server." + way, (ready - start) / 1e6);
            int port = Pair.freePort();
            start = System.nanoTime();
            try (Program gateway = starter.start(1, queue(port))) {
                long answered = Pair.await(gateway, port, "/fib/30", "832040");
                figures.add(name + ".gateway." + way, (answered - start) / 1e6);
            }
        }
    }

    private Map<String, String> queue(int port) {
        Map<String, String> settings = Pair.settings(broker, port);
        settings.put("FIB_QUEUE_NAME", "bench_start");
        return settings;
    }

    // ---- large n ----

    /** A call that takes seconds by nature is not one to hedge. */
    private void digits() {
        Path gmp = ROOT.resolve("bench/target/gmp");
        if (!Files.isExecutable(gmp)) {
            note("digits: not measured, as gmp.c could not be built (it needs a C compiler and libgmp-dev)");
            return;
        }
        step("Digits of fib(10^5), fib(10^6), fib(10^7), and GMP's");
        Map<String, String> server = Map.of("FIB_MAX_N", "10000000");
        Map<String, String> gateway = Map.of("FIB_MAX_N", "10000000", "FIB_DEADLINE", "2m", "FIB_HEDGE_AFTER", "0");
        try (Pair pair = Pair.ours("digits", broker, images, server, gateway, List.<String[]>of(new String[0]))) {
            pair.awaitReady();
            for (int n : List.of(100_000, 1_000_000, 10_000_000)) {
                gmp(gmp, n); // learns the digits
                load(pair, 1, plan.digits(), List.of(n), true);
                for (int round = 0; round < plan.rounds() - 1; round++) {
                    figures.add("digits." + n + ".gmp", gmp(gmp, n));
                    figures.add(
                            "digits." + n + ".ours",
                            load(pair, 1, plan.digits(), List.of(n), false).percentile(0.5));
                }
            }
        }
    }

    private static double gmp(Path program, int n) {
        List<String> command =
                List.of(program.toString(), Integer.toString(n), Integer.toString(n > 5_000_000 ? 3 : 15));
        List<String> lines =
                Program.run("gmp", WORK, Map.of(), command, 120).lines().toList();
        Digits.learn(n, lines.get(lines.size() - 1));
        return Figures.median(lines.subList(0, lines.size() - 1).stream()
                .map(nanos -> Long.parseLong(nanos) / 1e6)
                .toList());
    }

    // ---- servers ----

    /** Each server on a core of its own, so that one of them cannot take what the other is to add. */
    private void servers() {
        int cores = Runtime.getRuntime().availableProcessors();
        if (cores < 2 || !Files.isExecutable(Path.of("/usr/bin/taskset"))) {
            note("two servers against one: not measured, it needs two cores and taskset");
            return;
        }
        if (cores < 4) {
            note("two servers against one: " + cores + " cores leave none to spare for gateway, broker and callers");
        }
        step("Two servers against one");
        Map<String, String> patient = Map.of("FIB_DEADLINE", "10s", "FIB_HEDGE_AFTER", "0");
        List<String[]> both = List.of(onCore(0), onCore(1));
        try (Pair one = Pair.ours("one", broker, images, Map.of(), patient, both.subList(0, 1));
                Pair two = Pair.ours("two", broker, images, Map.of(), patient, both)) {
            one.awaitReady();
            two.awaitReady();
            List<Integer> large = List.of(99_998, 99_999, 100_000);
            for (Pair pair : List.of(one, two)) {
                load(pair, 16, plan.servers(), large, true);
            }
            for (int round = 0; round < plan.rounds() - 1; round++) {
                figures.add(
                        "servers.1.throughput",
                        load(one, 16, plan.servers(), large, false).throughput());
                figures.add(
                        "servers.2.throughput",
                        load(two, 16, plan.servers(), large, false).throughput());
            }
        }
    }

    private static String[] onCore(int core) {
        return new String[] {"/usr/bin/taskset", "-c", Integer.toString(core)};
    }

    // ---- the rest ----

    private void note(String text) {
        notes.add(text);
        step(text);
    }

    private static void step(String text) {
        System.out.printf("%4ds  %s%n", (System.nanoTime() - STARTED) / 1_000_000_000L, text);
    }

    private static void sleep(double seconds) {
        try {
            Thread.sleep((long) (seconds * 1000));
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ex);
        }
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
