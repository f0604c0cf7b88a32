package com.example.fib.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A goal and the figures it is about.
 *
 * @param what what is compared
 * @param atLeast whether the bound is a lower one
 * @param bound what the figure, or the quotient, may be at most or must be at least
 * @param figure a figure's name
 * @param against the name of the figure that it is divided by; empty for none
 */
record Goal(String what, boolean atLeast, double bound, String figure, String against) {

    /** Those of the benchmark, in the order of the table. */
    static final List<Goal> ALL = List.of(
            atLeast(
                    "throughput by java -jar against the tutorial pair, 32 callers",
                    1.8,
                    "jar.32.throughput",
                    "tutorial.32.throughput"),
            atLeast(
                    "throughput by java -jar against the tutorial pair, 256 callers",
                    2,
                    "jar.256.throughput",
                    "tutorial.256.throughput"),
            atLeast(
                    "throughput by java -jar against the raw limit, 32 callers",
                    0.75,
                    "jar.32.throughput",
                    "raw.32.throughput"),
            atLeast(
                    "throughput by java -jar against the raw limit, 256 callers",
                    0.65,
                    "jar.256.throughput",
                    "raw.256.throughput"),
            atMost("CPU a call by java -jar against the raw limit, 32 callers", 1.4, "jar.32.cpu", "raw.32.cpu"),
            atMost("CPU a call by java -jar against the raw limit, 256 callers", 1.6, "jar.256.cpu", "raw.256.cpu"),
            atMost("p50 by java -jar against the tutorial pair, 1 caller", 0.9, "jar.1.p50", "tutorial.1.p50"),
            atMost("p99 by java -jar against the tutorial pair, 32 callers", 0.5, "jar.32.p99", "tutorial.32.p99"),
            atMost("CPU a call by java -jar, 1024 callers against 32", 1.1, "jar.1024.cpu", "jar.32.cpu"),
            atMost(
                    "start to the first 200 by java -jar, gateway against the tutorial one with actuator",
                    1.1,
                    "start.gateway.jar",
                    "start.gateway.tutorial"),
            atMost(
                    "resident memory then by java -jar, gateway against the tutorial one with actuator",
                    1.15,
                    "start.gateway.jar.memory",
                    "start.gateway.tutorial.memory"),
            atMost(
                    "start to the first 200, gateway, image's way against java -jar",
                    0.4,
                    "start.gateway.image",
                    "start.gateway.jar"),
            atMost(
                    "start to the first 200, server, image's way against java -jar",
                    0.4,
                    "start.server.image",
                    "start.server.jar"),
            atMost(
                    "the same on 17 with class data sharing, gateway",
                    0.4,
                    "start17.gateway.image",
                    "start17.gateway.jar"),
            atMost("the same on 17 with class data sharing, server", 0.4, "start17.server.image", "start17.server.jar"),
            atMost("resident memory idle, image's way, gateway, MB", 180, "ours.gateway.idle", ""),
            atMost("resident memory idle, image's way, server, MB", 180, "ours.server.idle", ""),
            atMost("resident memory after 256 callers, image's way, gateway, MB", 250, "ours.gateway.loaded", ""),
            atMost("resident memory after 256 callers, image's way, server, MB", 250, "ours.server.loaded", ""),
            atMost("step from 1 to 256 callers, image's way: seconds without answers", 0, "ours.step.silent", ""),
            atMost("step: p99 of the first 5 s against the steady one", 3, "ours.step.p99", "ours.step.steady"),
            atMost("digits of fib(10^5) end to end against GMP", 10, "digits.100000.ours", "digits.100000.gmp"),
            atMost("digits of fib(10^6) end to end against GMP", 3.5, "digits.1000000.ours", "digits.1000000.gmp"),
            atMost("digits of fib(10^7) end to end against GMP", 1.3, "digits.10000000.ours", "digits.10000000.gmp"),
            atMost(
                    "fairness: p99 of cheap callers beside one of n = 10^6 against alone, two servers",
                    3,
                    "fairness.beside.p99",
                    "fairness.alone.p99"));

    private static Goal atLeast(String what, double bound, String figure, String against) {
        return new Goal(what, true, bound, figure, against);
    }

    private static Goal atMost(String what, double bound, String figure, String against) {
        return new Goal(what, false, bound, figure, against);
    }

    /** NaN where it was not measured. */
    double value(Figures figures) {
        return against.isEmpty() ? figures.median(figure) : figures.median(figure) / figures.median(against);
    }

    boolean isMet(double value) {
        return atLeast ? value >= bound : value <= bound;
    }

    String wording() {
        return (atLeast ? "at least " : "at most ")
                + (bound == Math.rint(bound) ? Integer.toString((int) bound) : bound);
    }

    /** From the lowest to the highest of the single rounds. */
    String spread(Figures figures) {
        List<Double> values = new ArrayList<>(figures.rounds(figure));
        List<Double> divisors = figures.rounds(against);
        if (!against.isEmpty()) {
            if (divisors.size() != values.size()) {
                return "";
            }
            for (int i = 0; i < values.size(); i++) {
                values.set(i, values.get(i) / divisors.get(i));
            }
        }
        return values.stream()
                .min(Double::compare)
                .map(least -> text(least) + " – "
                        + text(values.stream().max(Double::compare).orElseThrow()))
                .orElse("");
    }

    static String text(double value) {
        if (Double.isNaN(value)) {
            return "not measured";
        }
        return String.format(
                Locale.ROOT,
                Math.abs(value) >= 100 || value == 0 ? "%.0f" : Math.abs(value) >= 10 ? "%.1f" : "%.2f",
                value);
    }
}
