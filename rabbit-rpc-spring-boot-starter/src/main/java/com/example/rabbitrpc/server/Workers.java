package com.example.rabbitrpc.server;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that compute, apart from the one that takes deliveries: a cheap request goes to whichever is free, and never
 * waits for an expensive one while another is. What waits here is bounded by the prefetch. Platform threads, as computing is
 * all that they do; all are there from the start, so that taking a request needs none.
 */
final class Workers {

    private static final Logger log = LoggerFactory.getLogger(Workers.class);

    /** A request that waits for a thread. */
    interface Task {

        /** Never throws. */
        void run();

        /** Instead of {@link #run()}, where the server stops. Never throws. */
        void giveBack();
    }

    private final int threads;
    private final ExecutorService pool;
    private final Semaphore idle;
    private final Queue<Task> waiting = new ConcurrentLinkedQueue<>();

    private volatile boolean stopping;

    Workers(int threads, String queues, ServerMetrics metrics) {
        this.threads = threads;
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                threads, threads, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Threads.daemons("rpc-worker-"));
        executor.prestartAllCoreThreads();
        this.pool = metrics.monitored(executor, queues);
        this.idle = new Semaphore(threads);
    }

    void execute(Task task) {
        waiting.add(task);
        if (stopping) {
            giveBack();
        } else {
            pool.execute(this::next);
        }
    }

    private void next() {
        idle.acquireUninterruptibly(); // As many as there are threads: taken to be counted, never waited for.
        try {
            Task task = stopping ? null : waiting.poll();
            if (task != null) {
                task.run();
            }
        } finally {
            idle.release();
        }
    }

    /** From now on nothing begins; what waits is given back. */
    void stop() {
        stopping = true;
        giveBack();
    }

    boolean isStopping() {
        return stopping;
    }

    void resume() {
        stopping = false;
    }

    private void giveBack() {
        for (Task task = waiting.poll(); task != null; task = waiting.poll()) {
            task.giveBack();
        }
    }

    /** Returns when nothing runs any more, or the time is over. */
    void finish(Duration timeout) {
        try {
            if (idle.tryAcquire(threads, timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                idle.release(threads);
            } else {
                log.warn("Still computing after {} s; the broker delivers it to another server", timeout.toSeconds());
            }
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }

    void shutdown() {
        pool.shutdownNow();
    }
}
