package com.example.fib.system;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What the callers saw of a fault, from its start until they were served again.
 *
 * @param fault its name
 * @param calls those of its window
 * @param recovery from the fault's end until 99% of the calls of a second were answered; {@link #NEVER} where they were not
 * @param stall how long the machine itself held up a thread that only sleeps, at most: no service can be in time then
 */
record Figures(String fault, List<Call> calls, Duration recovery, Duration stall) {

    static final Duration NEVER = Duration.ofDays(1);
    private static final Duration DOES_NOT_APPLY = Duration.ZERO.minusNanos(1);
    private static final long SECOND = 1_000_000_000;
    private static final long STEP = 50_000_000;

    /** From the fault's start and end, by {@link System#nanoTime()}. */
    static Figures of(String fault, Load load, long start, long end) {
        return of(fault, load.calls(), load.longestStall(), start, end);
    }

    private static Figures of(String fault, List<Call> all, Duration stall, long start, long end) {
        List<Call> sorted =
                all.stream().sorted(Comparator.comparingLong(Call::start)).toList();
        Duration recovery = recovery(sorted, end);
        long served = recovery.equals(NEVER) ? Long.MAX_VALUE : end - start + recovery.toNanos();
        Predicate<Call> within = call -> call.start() + call.nanos() - start >= 0 && call.start() - start < served;
        return new Figures(fault, sorted.stream().filter(within).toList(), recovery, stall);
    }

    private static Duration recovery(List<Call> all, long end) {
        List<Call> calls = all.stream().filter(call -> call.start() - end >= 0).toList();
        long last = calls.isEmpty() ? end : calls.get(calls.size() - 1).start();
        for (long from = end; last - from >= SECOND; from += STEP) {
            long since = from;
            List<Call> second = calls.stream()
                    .filter(call -> call.start() - since >= 0 && call.start() - since < SECOND)
                    .toList();
            long right = second.stream().filter(Call::isRight).count();
            if (!second.isEmpty() && right >= 0.99 * second.size()) {
                return Duration.ofNanos(from - end);
            }
        }
        return NEVER;
    }

    /** The same, of a part of its time. */
    Figures between(String part, long start, long end) {
        return of(part, calls, stall, start, end);
    }

    /** Of a state that nothing has to recover from. */
    Figures withoutRecovery() {
        return new Figures(fault, calls, DOES_NOT_APPLY, stall);
    }

    boolean recovered() {
        return !recovery.equals(NEVER);
    }

    long count(Predicate<Call> which) {
        return calls.stream().filter(which).count();
    }

    long wrong() {
        return count(Call::wrong);
    }

    long withoutStatus() {
        return count(Call::isWithoutStatus);
    }

    /** Of all calls, in percent. */
    double right() {
        return 100.0 * count(Call::isRight) / Math.max(1, calls.size());
    }

    Duration longest() {
        return longest(call -> true);
    }

    Duration longest(Predicate<Call> which) {
        return Duration.ofMillis(
                calls.stream().filter(which).mapToLong(Call::millis).max().orElse(0));
    }

    /** As long as so many percent of the calls took, at most. */
    Duration percentile(int percent) {
        return Duration.ofNanos(calls.stream()
                .mapToLong(Call::nanos)
                .sorted()
                .skip(calls.size() * (long) percent / 100)
                .findFirst()
                .orElseThrow());
    }

    /** By outcome, such as {@code 503 no-server}. */
    Map<String, Long> outcomes() {
        return calls.stream().collect(Collectors.groupingBy(Call::outcome, TreeMap::new, Collectors.counting()));
    }

    /** One row of a table, always of this form. */
    String row() {
        String outcomes = outcomes().entrySet().stream()
                .map(entry -> entry.getValue() + " × " + entry.getKey())
                .collect(Collectors.joining(", "));
        return String.format(
                Locale.ROOT,
                "| %s | %d | %.2f%% | %s | %d | %d | %.2f s (%s) | %s |",
                fault,
                calls.size(),
                right(),
                outcomes,
                wrong(),
                withoutStatus(),
                longest().toMillis() / 1000.0,
                calls.stream()
                        .max(Comparator.comparingLong(Call::nanos))
                        .map(Call::outcome)
                        .orElse("-"),
                recoveryText());
    }

    private String recoveryText() {
        if (recovery.equals(DOES_NOT_APPLY)) {
            return "does not apply";
        }
        return recovered() ? String.format(Locale.ROOT, "%.1f s", recovery.toMillis() / 1000.0) : "never";
    }
}
