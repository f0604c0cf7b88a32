package com.example.fib.bench;

import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** One run: what it is to measure, what it measures on, and what it has found so far. */
final class Run {

    /** What the callers ask for in turn, where nothing else is said. */
    static final List<Integer> SMALL = IntStream.rangeClosed(0, 90).boxed().toList();

    private static final long STARTED = System.nanoTime();

    private final Figures figures = new Figures();
    private final List<String> notes = new ArrayList<>();
    private final Map<String, Long> failed = new LinkedHashMap<>();
    private final Plan plan;
    private final Set<String> parts;
    private final Set<String> stacks;
    private final Jdk jdk;
    private final Broker broker;
    private final List<Image> images;
    private final List<String> warmedUp = new ArrayList<>();
    private double stolen;

    Run(Plan plan, Set<String> parts, Set<String> stacks, Jdk jdk, Broker broker, List<Image> images) {
        this.plan = plan;
        this.parts = parts;
        this.stacks = stacks;
        this.jdk = jdk;
        this.broker = broker;
        this.images = images;
    }

    Plan plan() {
        return plan;
    }

    Set<String> stacks() {
        return stacks;
    }

    Jdk jdk() {
        return jdk;
    }

    Broker broker() {
        return broker;
    }

    /** The server's, and the gateway's. */
    List<Image> images() {
        return images;
    }

    boolean has(String part) {
        return parts.contains(part);
    }

    boolean isShort() {
        return plan.equals(Plan.SHORT);
    }

    private boolean isComplete() {
        return parts.size() == Bench.PARTS.size() && stacks.containsAll(Stacks.NEEDED);
    }

    void add(String figure, double value) {
        figures.add(figure, value);
    }

    void note(String text) {
        notes.add(text);
        step(text);
    }

    /** Other processes have taken this share of the machine's CPU during a round. */
    void stolen(double share) {
        stolen = Math.max(stolen, share);
    }

    /** A wrong answer ends the benchmark; so do failed ones, unless it is warming up, or they are few. */
    Outcome load(Pair pair, int callers, double seconds, List<Integer> numbers, boolean warmUp) {
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

    /** For seconds and for calls, so that a slow stack is as warm as a fast one. */
    void warmUp(Pair pair) {
        step("Warming up " + pair.name());
        int calls = 0;
        do {
            calls += load(pair, 32, plan.warmUp(), SMALL, true).right();
            calls += load(pair, 256, plan.warmUp() / 2, SMALL, true).right();
        } while (calls < plan.warmUpCalls());
        warmedUp.add(pair.name() + " " + calls);
    }

    Report report() {
        return new Report(figures, notes, facts(), isShort(), isComplete());
    }

    private Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("date", LocalDate.now(ZoneOffset.UTC).toString());
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
        facts.put("calls while warming up", warmedUp.isEmpty() ? "none" : String.join(", ", warmedUp));
        facts.put("failed calls", failed.isEmpty() ? "none" : failed.toString());
        String others = String.format(Locale.ROOT, "%.0f%%", stolen * 100);
        facts.put(
                "other processes",
                "at most " + others + " of the machine's CPU in a round" + (stolen > 0.1 ? ": NOT QUIET" : ""));
        return facts;
    }

    static void step(String text) {
        System.out.printf("%4ds  %s%n", (System.nanoTime() - STARTED) / 1_000_000_000L, text);
    }

    static void sleep(double seconds) {
        try {
            Thread.sleep((long) (seconds * 1000));
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ex);
        }
    }
}
