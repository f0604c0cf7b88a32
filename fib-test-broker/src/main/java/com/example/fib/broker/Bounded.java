package com.example.fib.broker;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A bound for calls that have none of their own. */
final class Bounded {

    private Bounded() {}

    /**
     * Makes the call on a daemon thread, and gives it up after the bound.
     *
     * @throws IllegalStateException if it fails or takes longer; the message says what, and why
     */
    static <T> T call(String what, Duration bound, Callable<T> call) {
        FutureTask<T> task = new FutureTask<>(call);
        Thread thread = new Thread(task, what);
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get(bound.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException(what + " failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            task.cancel(true);
            throw new IllegalStateException(what + " took longer than " + bound.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            task.cancel(true);
            Thread.currentThread().interrupt();
            throw new IllegalStateException(what + " was interrupted", e);
        }
    }
}
