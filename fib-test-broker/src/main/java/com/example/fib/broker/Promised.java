package com.example.fib.broker;

import java.time.Duration;

/** The bounds that docs/contract.md promises. Other programs on the machine may take some of the time, except with {@code -Pfaults}. */
public final class Promised {

    /** Whether the machine has nothing else to do. */
    public static final boolean STRICT = Boolean.getBoolean("fib.faults.strict");

    /** Short of the deadline of 2 s for what is promised at once: a call that waits for its deadline still fails. */
    private static final Duration SLACK = STRICT ? Duration.ZERO : Duration.ofMillis(1_500);

    private Promised() {}

    /** The bound itself, or with 1.5 s of slack. */
    public static Duration within(long millis) {
        return SLACK.plusMillis(millis);
    }
}
