package com.example.fib.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The stacks in turn, under one caller and many, and the step from one to many. */
final class Rounds {

    private final Run run;

    Rounds(Run run) {
        this.run = run;
    }

    void measure() {
        List<Pair> pairs = new ArrayList<>();
        try {
            Stacks stacks = new Stacks(run);
            for (String stack : run.stacks()) {
                if (stack.equals("node") && !Boolean.getBoolean("bench.node")) {
                    run.note("node: skipped, as there is no node or its packages could not be had");
                    continue;
                }
                Run.step("Starting " + stack);
                Pair pair = stacks.start(stack);
                pairs.add(pair);
                pair.awaitReady();
                Run.sleep(run.plan().settle());
                memory(pair, "idle");
            }
            pairs.forEach(run::warmUp);
            if (run.has("rounds")) {
                rounds(pairs);
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

    /** Those with 1024 callers come last: memory is what 256 callers leave behind. */
    private void rounds(List<Pair> pairs) {
        for (int round = 1; round <= run.plan().rounds(); round++) {
            Run.step("Round " + round + " of " + run.plan().rounds());
            for (Pair pair : pairs) {
                round(pair, 1, run.plan().single());
                round(pair, 32, run.plan().many());
                round(pair, 256, run.plan().many());
            }
        }
        pairs.forEach(pair -> memory(pair, "loaded"));
        List<Pair> ours =
                pairs.stream().filter(pair -> Stacks.isOurs(pair.name())).toList();
        for (int round = 1; round <= run.plan().rounds() && !ours.isEmpty(); round++) {
            Run.step("Round " + round + " of " + run.plan().rounds() + " with 1024 callers");
            ours.forEach(pair -> round(pair, 1024, run.plan().many()));
        }
    }

    private void memory(Pair pair, String when) {
        run.add(pair.name() + ".gateway." + when, Proc.resident(pair.gateway().pid()));
        run.add(
                pair.name() + ".server." + when,
                Proc.resident(pair.servers().get(0).pid()));
    }

    private void round(Pair pair, int callers, double seconds) {
        double server = pair.serverCpu();
        double gateway = pair.gatewayCpu();
        double rabbit = Proc.cpu(run.broker().pid());
        double self = Proc.cpu(ProcessHandle.current().pid());
        double machine = Proc.machineCpu();
        long start = System.nanoTime();
        Outcome outcome = run.load(pair, callers, seconds, Run.SMALL, false);
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
        run.load(pair, 1, run.plan().before(), Run.SMALL, false);
        Outcome outcome = run.load(pair, 256, run.plan().after(), Run.SMALL, false);
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
