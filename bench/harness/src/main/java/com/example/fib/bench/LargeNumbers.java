package com.example.fib.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Numbers with up to two million digits, end to end, and GMP's time for the same. */
final class LargeNumbers {

    private final Run run;

    LargeNumbers(Run run) {
        this.run = run;
    }

    /** A call that takes seconds by nature is not one to hedge. */
    void measure() {
        Path gmp = Bench.ROOT.resolve("bench/target/gmp");
        if (!Files.isExecutable(gmp)) {
            run.note("digits: not measured, as gmp.c could not be built (it needs a C compiler and libgmp-dev)");
            return;
        }
        Run.step("Digits of fib(10^5), fib(10^6), fib(10^7), and GMP's");
        Map<String, String> server = Map.of("FIB_MAX_N", "10000000");
        Map<String, String> gateway = Map.of("FIB_MAX_N", "10000000", "FIB_DEADLINE", "2m", "FIB_HEDGE_AFTER", "0");
        try (Pair pair = Pair.start(
                "digits",
                run.broker(),
                run.images().get(0).with(server),
                1,
                run.images().get(1).with(gateway))) {
            pair.awaitReady();
            for (int n : List.of(100_000, 1_000_000, 10_000_000)) {
                gmp(gmp, n); // learns the digits
                run.load(pair, 1, run.plan().warmUp(), List.of(n), true);
                for (int round = 0; round < run.plan().rounds() - 1; round++) {
                    run.add("digits." + n + ".gmp", gmp(gmp, n));
                    run.add(
                            "digits." + n + ".ours",
                            run.load(pair, 1, run.plan().digits(), List.of(n), false)
                                    .percentile(0.5));
                }
            }
        }
    }

    private static double gmp(Path program, int n) {
        List<String> command =
                List.of(program.toString(), Integer.toString(n), Integer.toString(n > 5_000_000 ? 3 : 15));
        List<String> lines =
                Program.run("gmp", Bench.WORK, Map.of(), command, 120).lines().toList();
        Digits.learn(n, lines.get(lines.size() - 1));
        return Figures.median(lines.subList(0, lines.size() - 1).stream()
                .map(nanos -> Long.parseLong(nanos) / 1e6)
                .toList());
    }
}
