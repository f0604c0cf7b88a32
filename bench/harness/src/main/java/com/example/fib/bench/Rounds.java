package com.example.fib.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The stacks in turn, under one caller and many, and the step from one to many. */
final class Rounds {

    private static final List<Integer> SMALL =
            IntStream.rangeClosed(0, 90).boxed().toList();
    private static final String TRACED = "MANAGEMENT_TRACING_SAMPLING_PROBABILITY";
    private static final Path PEERS = Bench.ROOT.resolve("bench/peers");

    private final Run run;

    Rounds(Run run) {
        this.run = run;
    }

    void measure() {
        List<Pair> pairs = new ArrayList<>();
        try {
            Run.step("Starting " + String.join(", ", run.stacks()));
            for (String stack : run.stacks()) {
                if (stack.equals("node") && !Boolean.getBoolean("bench.node")) {
                    run.note("node: skipped, as there is no node or its packages could not be had");
                } else {
                    pairs.add(startStack(stack));
                }
            }
            pairs.forEach(Pair::awaitReady);
            Run.sleep(run.plan().settle());
            pairs.forEach(pair -> memory(pair, "idle"));
            for (Pair pair : pairs) {
                Run.step("Warming up " + pair.name());
                run.load(pair, 32, run.plan().warmUp(), SMALL, true);
                run.load(pair, 256, run.plan().warmUp() / 2, SMALL, true);
            }
            if (run.has("rounds")) {
                for (int round = 1; round <= run.plan().rounds(); round++) {
                    Run.step("Round " + round + " of " + run.plan().rounds());
                    pairs.forEach(this::round);
                }
                pairs.forEach(pair -> memory(pair, "loaded"));
            }
            if (run.has("step")) {
                for (Pair pair : run.isShort() ? pairs.subList(0, 1) : pairs) {
                    Run.step("Step from 1 to 256 callers: " + pair.name());
                    for (int i = 0; i < (pair.name().equals("ours") ? run.plan().steps() : 1); i++) {
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
                        run.broker(),
                        run.images(),
                        Map.of(TRACED, "0"),
                        Map.of("FIB_MAX_IN_FLIGHT", "1024", TRACED, "0"),
                        List.<String[]>of(new String[0]));
            case "tutorial" ->
                Pair.peer(
                        stack,
                        run.broker(),
                        List.of(run.jdk().java(), "-cp", classpath, program + "TutorialServer"),
                        List.of(run.jdk().java(), "-cp", classpath, program + "TutorialGateway"));
            case "raw" ->
                Pair.peer(
                        stack,
                        run.broker(),
                        List.of(run.jdk().java(), "-cp", classpath, program + "RawServer"),
                        List.of(run.jdk().java(), "-cp", classpath, program + "RawGateway"));
            default ->
                Pair.peer(
                        stack,
                        run.broker(),
                        List.of("node", PEERS.resolve("server.js").toString()),
                        List.of("node", PEERS.resolve("gateway.js").toString()));
        };
    }

    private void memory(Pair pair, String when) {
        run.add(pair.name() + ".gateway." + when, Proc.resident(pair.gateway().pid()));
        run.add(
                pair.name() + ".server." + when,
                Proc.resident(pair.servers().get(0).pid()));
    }

    private void round(Pair pair) {
        round(pair, 1, run.plan().single());
        round(pair, 32, run.plan().many());
        round(pair, 256, run.plan().many());
        if (pair.name().equals("ours")) {
            round(pair, 1024, run.plan().many());
        }
    }

    private void round(Pair pair, int callers, double seconds) {
        double server = pair.serverCpu();
        double gateway = pair.gatewayCpu();
        double rabbit = Proc.cpu(run.broker().pid());
        double self = Proc.cpu(ProcessHandle.current().pid());
        double machine = Proc.machineCpu();
        long start = System.nanoTime();
        Outcome outcome = run.load(pair, callers, seconds, SMALL, false);
        double took = (System.nanoTime() - start) / 1e3 * Runtime.getRuntime().availableProcessors();
        server = pair.serverCpu() - server;
        gateway = pair.gatewayCpu() - gateway;
        rabbit = Proc.cpu(run.broker().pid()) - rabbit;
        double ours =
                server + gateway + rabbit + Proc.cpu(ProcessHandle.current().pid()) - self;
        run.stolen((Proc.machineCpu() - machine - ours) / took);

        String name = pair.name() + "." + callers + ".";
        int calls = outcome.right();
        run.add(name + "throughput", outcome.throughput());
        run.add(name + "p50", outcome.percentile(0.5));
        run.add(name + "p99", outcome.percentile(0.99));
        run.add(name + "cpu", (server + gateway + rabbit) / calls);
        run.add(name + "cpu.server", server / calls);
        run.add(name + "cpu.gateway", gateway / calls);
        run.add(name + "cpu.broker", rabbit / calls);
    }

    private void step(Pair pair) {
        run.load(pair, 1, run.plan().before(), SMALL, false);
        Outcome outcome = run.load(pair, 256, run.plan().after(), SMALL, false);
        long[] perSecond = outcome.perSecond();
        String name = pair.name() + ".step.";
        double silent = (double)
                Arrays.stream(perSecond).filter(answers -> answers == 0).count();
        run.add(name + "silent", silent);
        run.add(name + "p99", outcome.percentile(0.99, 0, run.plan().newUntil()));
        run.add(name + "steady", outcome.percentile(0.99, run.plan().steadyFrom(), Double.MAX_VALUE));
        run.note("step, answers a second: " + pair.name() + " " + Arrays.toString(perSecond));
    }
}
