package com.example.fib.bench;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What cheap callers notice of one who keeps asking for a very large number. */
final class Fairness {

    private static final int CHEAP = 16;
    private static final List<Integer> LARGE = List.of(1_000_000);

    private final Run run;
    private long answered;
    private long failed;

    Fairness(Run run) {
        this.run = run;
    }

    void measure() {
        Run.step("Fairness: cheap callers beside one of n = 10^6, two servers");
        Digits.ofLarge(LARGE.get(0)); // it takes a moment that is not the services'
        try (Pair pair = Pair.start(
                "fairness", run.broker(), run.images().get(0), 2, run.images().get(1))) {
            pair.awaitReady();
            run.warmUp(pair);
            beside(pair, true);
            for (int round = 0; round < run.plan().rounds() - 1; round++) {
                Outcome alone = run.load(pair, CHEAP, run.plan().fairness(), Run.SMALL, false);
                run.add("fairness.alone.p99", alone.percentile(0.99));
                run.add("fairness.beside.p99", beside(pair, false).percentile(0.99));
            }
            run.note("fairness, calls of n = 10^6: " + answered + " answered, " + failed + " failed");
        }
    }

    /** The cheap callers' outcome. The other one's calls may fail: they are the gateway's to refuse. */
    private Outcome beside(Pair pair, boolean warmUp) {
        double seconds = run.plan().fairness();
        CompletableFuture<Outcome> other =
                CompletableFuture.supplyAsync(() -> Load.run(pair.port(), 1, seconds, LARGE));
        Outcome cheap = run.load(pair, CHEAP, seconds, Run.SMALL, warmUp);
        Outcome large = other.join();
        if (large.wrong() > 0) {
            throw new IllegalStateException("fairness: wrong digits of n = 10^6");
        }
        if (!warmUp) {
            answered += large.right();
            failed += large.failed();
        }
        return cheap;
    }
}
