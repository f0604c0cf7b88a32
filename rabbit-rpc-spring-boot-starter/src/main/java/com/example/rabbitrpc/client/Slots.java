package com.example.rabbitrpc.client;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * The limit of calls in flight. A call that finds no slot waits a moment for one. That costs little, as nothing is sent
 * yet, and keeps callers who try again at once from taking the processor that the calls in flight need.
 */
final class Slots {

    private static final long WAIT_MS = 75;

    private final int limit;
    private final Semaphore free;
    private final Semaphore waiting;

    /**
     * @param limit calls in flight at once
     * @param waiting calls that may wait for a slot at once, each on a thread
     */
    Slots(int limit, int waiting) {
        this.limit = limit;
        this.free = new Semaphore(limit);
        this.waiting = new Semaphore(waiting);
    }

    /** Whether there was one. */
    boolean acquire(long millisLeft) {
        if (free.tryAcquire()) {
            return true;
        }
        if (!waiting.tryAcquire()) {
            return false;
        }
        try {
            return free.tryAcquire(Math.min(WAIT_MS, millisLeft), TimeUnit.MILLISECONDS);
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
