package com.example.fib.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Two servers against one, on calls that a server's computing bounds. */
final class Servers {

    private final Run run;

    Servers(Run run) {
        this.run = run;
    }

    /** Each server on a core of its own, so that one of them cannot take what the other is to add. */
    void measure() {
        int cores = Runtime.getRuntime().availableProcessors();
        if (cores < 2 || !Files.isExecutable(Path.of("/usr/bin/taskset"))) {
            run.note("two servers against one: not measured, it needs two cores and taskset");
            return;
        }
        if (cores < 4) {
            run.note(
                    "two servers against one: " + cores + " cores leave none to spare for gateway, broker and callers");
        }
        Run.step("Two servers against one");
        Map<String, String> patient = Map.of("FIB_DEADLINE", "10s", "FIB_HEDGE_AFTER", "0");
        List<String[]> both = List.of(onCore(0), onCore(1));
        try (Pair one = Pair.ours("one", run.broker(), run.images(), Map.of(), patient, both.subList(0, 1));
                Pair two = Pair.ours("two", run.broker(), run.images(), Map.of(), patient, both)) {
            one.awaitReady();
            two.awaitReady();
            List<Integer> large = List.of(99_998, 99_999, 100_000);
            for (Pair pair : List.of(one, two)) {
                run.load(pair, 16, run.plan().servers(), large, true);
            }
            for (int round = 0; round < run.plan().rounds() - 1; round++) {
                run.add(
                        "servers.1.throughput",
                        run.load(one, 16, run.plan().servers(), large, false).throughput());
                run.add(
                        "servers.2.throughput",
                        run.load(two, 16, run.plan().servers(), large, false).throughput());
            }
        }
    }

    private static String[] onCore(int core) {
        return new String[] {"/usr/bin/taskset", "-c", Integer.toString(core)};
    }
}
