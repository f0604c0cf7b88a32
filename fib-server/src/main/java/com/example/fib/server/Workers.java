package com.example.fib.server;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ExecutorServiceMetrics;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;
import org.springframework.stereotype.Component;

/**
 * The threads that compute, {@code fib.workers} of them, apart from the one that takes deliveries: a cheap request goes to
 * whichever is free, and never waits for an expensive one while another is. What waits here is bounded by the prefetch.
 * Platform threads, as computing is all that they do.
 */
@Component
final class Workers implements DisposableBean {

    private static final Logger log = LoggerFactory.getLogger(Workers.class);

    private final int threads;
    private final ExecutorService pool;
    private final Semaphore idle;

    private volatile boolean draining;

    Workers(ServerSettings settings, MeterRegistry metrics) {
        this.threads = settings.workers();
        CustomizableThreadFactory factory = new CustomizableThreadFactory("fib-worker-");
        factory.setDaemon(true);
        this.pool =
                ExecutorServiceMetrics.monitor(metrics, Executors.newFixedThreadPool(threads, factory), "fib-workers");
        this.idle = new Semaphore(threads);
    }

    void execute(Runnable task) {
        pool.execute(() -> {
            idle.acquireUninterruptibly(); // As many as there are threads: taken to be counted, never waited for.
            try {
                if (!draining) {
                    task.run();
                }
            } finally {
                idle.release();
            }
        });
    }

    /** Returns when nothing runs any more, or the time is over. What has not begun, and what still comes, is left alone. */
    void drain(Duration timeout) {
        draining = true;
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

    void resume() {
        draining = false;
    }

    @Override
    public void destroy() {
        pool.shutdownNow();
    }
}
