package com.example.rabbitrpc.client;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One thread that looks every 10 ms at what is due, for all calls. A wait with a time-out of its own costs a call two more
 * wake-ups of threads, which is more than all else that is done for it here.
 */
final class CallTimer {

    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long LONGEST_SLEEP_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final BooleanSupplier nothingToDo;
    private final LongConsumer lookAt;
    private volatile @Nullable Thread thread;
    private volatile boolean asleep;

    /**
     * @param nothingToDo whether it may sleep until {@link #wake()}
     * @param lookAt what to do at each look, with the time by {@link System#nanoTime()}
     */
    CallTimer(BooleanSupplier nothingToDo, LongConsumer lookAt) {
        this.nothingToDo = nothingToDo;
        this.lookAt = lookAt;
    }

    synchronized void start() {
        Thread current = thread;
        if (current == null || !current.isAlive()) {
            Thread started = new Thread(this::run, "rpc-timer");
            started.setDaemon(true);
            thread = started;
            started.start();
        }
    }

    synchronized void stop() {
        Thread current = thread;
        thread = null;
        LockSupport.unpark(current);
    }

    /** There is something to do. Costs next to nothing where it is awake. */
    void wake() {
        if (asleep) {
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        while (thread == Thread.currentThread()) {
            try {
                look();
            } catch (Throwable ex) { // all calls depend on this thread
                Failures.report("The timer of calls", ex);
            }
        }
    }

    private void look() {
        asleep = true;
        if (nothingToDo.getAsBoolean()) {
            LockSupport.parkNanos(this, LONGEST_SLEEP_NANOS);
            asleep = false;
        } else {
            asleep = false;
            lookAt.accept(System.nanoTime());
            LockSupport.parkNanos(this, PERIOD_NANOS);
        }
    }
}
