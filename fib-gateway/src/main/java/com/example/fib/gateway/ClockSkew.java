package com.example.fib.gateway;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Whether a server's clock is known to be off. A deadline is then no use to it: for a minute requests go without, so a wrong
 * clock costs a warning and not an answer.
 */
@Component
final class ClockSkew {

    private static final Logger log = LoggerFactory.getLogger(ClockSkew.class);
    private static final long PAUSE_NANOS = Duration.ofMinutes(1).toNanos();

    private final AtomicBoolean warned = new AtomicBoolean();
    private volatile boolean suspected;
    private volatile long suspectedAt;

    boolean isSuspected() {
        return suspected && System.nanoTime() - suspectedAt < PAUSE_NANOS;
    }

    /** A server has called a deadline passed that has not: its clock, or ours, is wrong. */
    void suspect(Instant deadline, String serverSays) {
        suspectedAt = System.nanoTime();
        suspected = true;
        if (warned.compareAndSet(false, true)) {
            log.warn(
                    "A server's clock differs from this one's: the deadline {} is still to come at {}, but it says \"{}\"."
                            + " Requests carry no deadline for a minute",
                    deadline,
                    Instant.now(),
                    serverSays);
        }
    }

    /** A server has answered a request that carried a deadline. */
    void dismiss() {
        if (suspected) {
            suspected = false;
            warned.set(false);
        }
    }
}
