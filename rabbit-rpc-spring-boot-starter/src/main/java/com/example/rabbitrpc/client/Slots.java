package com.example.fib.gateway;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.thread.Threading;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/**
 * The limit of calls in flight. A call that finds no slot waits a moment for one. That costs little, as nothing is sent
 * yet, and keeps callers who try again at once from taking the processor that the calls in flight need.
 */
@Component
final class Slots {

    private static final long WAIT_MS = 75;

    /** Threads for calls that wait, on top of one for each slot, where each takes one of the system's (JDK 17). */
    static final int WAITING_ON_PLATFORM_THREADS = 32;

    private final int limit;
    private final Semaphore free;
    private final Semaphore waiting;

    Slots(GatewaySettings settings, Environment environment) {
        this.limit = settings.maxInFlight();
        this.free = new Semaphore(limit);
        // Otherwise the limit of connections is theirs.
        this.waiting = new Semaphore(
                Threading.PLATFORM.isActive(environment) ? WAITING_ON_PLATFORM_THREADS : Integer.MAX_VALUE);
    }

    /** Whether there was one. */
    boolean acquire() {
        if (free.tryAcquire()) {
            return true;
        }
        if (!waiting.tryAcquire()) {
            return false;
        }
        try {
            return free.tryAcquire(WAIT_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            waiting.release();
        }
    }

    void release() {
        free.release();
    }

    int limit() {
        return limit;
    }

    int taken() {
        return limit - free.availablePermits();
    }
}
