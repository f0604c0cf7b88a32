package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.Promised;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/** Runs a fault under load, from two quiet seconds before it until callers are served again, and writes its figures. */
final class Fault {

    static final boolean STRICT = Promised.STRICT;

    static final Duration DEADLINE = Duration.ofSeconds(2);
    static final Duration LONGEST = DEADLINE.plus(within(250));
    static final Duration RECOVERY = Duration.ofSeconds(10);
    static final Duration RECOVERY_FROM_BLACKHOLE = Duration.ofSeconds(20);
    static final boolean LONG = "long".equals(System.getProperty("fib.faults"));

    private static final Duration BEFORE = Duration.ofSeconds(2);
    private static final Duration SETTLED = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(25);

    /** What is done to the system; it ends when the fault does. */
    interface Steps {
        void run() throws Exception;
    }

    private Fault() {}

    /** Under 32 callers. */
    static Figures run(String name, ServiceProcess gateway, Steps steps) {
        return run(name, Load.on(gateway.port()), steps);
    }

    /** Under the load given, which it ends. */
    static Figures run(String name, Load load, Steps steps) {
        return run(name, load, steps, true);
    }

    /** No fault but a state to measure: nothing has to recover. */
    static Figures measure(String name, Load load, Duration time) {
        return run(name, load, () -> last(time), false);
    }

    /** The same without figures. */
    static void warmUp(Load load, Duration time) {
        try (load) {
            last(time);
        }
    }

    private static Figures run(String name, Load load, Steps steps, boolean recovers) {
        long start;
        long end;
        try (load) {
            last(recovers ? BEFORE : SETTLED);
            start = System.nanoTime();
            steps.run();
            end = System.nanoTime();
            if (recovers) {
                awaitRecovery(load, start, end);
            }
        } catch (Exception ex) {
            throw new IllegalStateException(name + " could not be carried out", ex);
        }
        Figures figures = Figures.of(name, load, start, end);
        return write(recovers ? figures : figures.withoutRecovery());
    }

    private static void awaitRecovery(Load load, long start, long end) {
        try {
            Awaitility.await().atMost(PATIENCE).until(() -> Figures.of("", load, start, end)
                    .recovered());
        } catch (ConditionTimeoutException ex) {
            // The figures say so.
        }
        last(Duration.ofSeconds(1));
    }

    static Duration within(long millis) {
        return Promised.within(millis);
    }

    /** A fifth more than without the fault; on a busy machine far less than the deadline. */
    static Duration slowerByAFifth(Duration without) {
        return STRICT ? without.multipliedBy(6).dividedBy(5) : without.plus(within(0));
    }

    /** A share in percent: what is missing to 100 may be seven times as much on a busy machine. */
    static double atLeast(double percent) {
        return STRICT ? percent : 100 - 7 * (100 - percent);
    }

    /** What is promised for every fault. */
    static void requirePromise(Figures figures) {
        requirePromise(figures, RECOVERY);
    }

    static void requirePromise(Figures figures, Duration recovery) {
        assertThat(figures.wrong()).as("wrong answers: %s", figures.row()).isZero();
        assertThat(figures.withoutStatus())
                .as("calls without a status: %s", figures.row())
                .isZero();
        assertThat(figures.longest())
                .as("longest call: %s", figures.row())
                .isLessThanOrEqualTo(LONGEST.plus(figures.stall()));
        assertThat(figures.recovery()).as("recovery: %s", figures.row()).isLessThanOrEqualTo(recovery);
    }

    static void requireOnlyAnswers(Figures figures) {
        requirePromise(figures);
        assertThat(figures.outcomes().keySet()).as(figures.row()).containsExactly("200");
    }

    /** Lets a state last; five times as long in the long form. */
    static void lastFor(int seconds) {
        last(Duration.ofSeconds(LONG ? 5L * seconds : seconds));
    }

    static void last(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    /** On the console, and as target/faults/ours/NAME.md, or naive. */
    static Figures write(Figures figures) {
        System.out.println(
                figures.row() + " machine stalled for " + figures.stall().toMillis() + " ms");
        Path file = Path.of(
                "target",
                "faults",
                Site.NAIVE ? "naive" : "ours",
                figures.fault().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-") + ".md");
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, figures.row() + "\n");
        } catch (IOException ex) {
            throw new IllegalStateException(ex);
        }
        return figures;
    }
}
