package com.example.fib.server;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.springframework.amqp.rabbit.listener.DirectMessageListenerContainer;

/**
 * Spring's direct container, mended in four places.
 *
 * <ul>
 *   <li>It stops by draining: what is being computed is answered, what was only fetched goes back to the queue. Spring's own
 *       stop logs each fetched message with a stack trace, or, forced, waits for its whole timeout when idle.
 *   <li>A queue that was deleted is declared again by {@link RequestQueue}, which takes an existing one as it is.
 *   <li>Acknowledgements that wait are sent each time the monitor runs.
 *   <li>A connection that a consumer cannot be started on in time, or that brings no more of the requests that wait, is
 *       given up, by {@link RequestQueue} and {@link StallWatch}.
 * </ul>
 */
final class RpcListenerContainer extends DirectMessageListenerContainer {

    private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(20);

    private final Workers workers;
    private final Acknowledgements acknowledgements;
    private final RequestQueue queue;
    private final StallWatch stallWatch;

    private volatile int wanted = 1;

    RpcListenerContainer(
            Workers workers, Acknowledgements acknowledgements, RequestQueue queue, StallWatch stallWatch) {
        this.workers = workers;
        this.acknowledgements = acknowledgements;
        this.queue = queue;
        this.stallWatch = stallWatch;
    }

    @Override
    public void setConsumersPerQueue(int consumersPerQueue) {
        wanted = consumersPerQueue;
        super.setConsumersPerQueue(consumersPerQueue);
    }

    /** Whether all consumers are there and each has an open channel. */
    boolean isConsuming() {
        try {
            // Spring holds the lock as long as it tries to connect.
            if (!consumersLock.tryLock(100, TimeUnit.MILLISECONDS)) {
                return false;
            }
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            return false;
        }
        try {
            return isActive()
                    && consumers.size() == wanted
                    && consumers.stream()
                            .allMatch(consumer -> consumer.getChannel().isOpen());
        } finally {
            consumersLock.unlock();
        }
    }

    @Override
    protected void doStart() {
        workers.resume();
        super.doStart();
    }

    @Override
    public void stop(Runnable callback) {
        // The stop without a callback keeps the container running until its consumers are done.
        getTaskExecutor().execute(() -> {
            try {
                stop();
            } finally {
                callback.run();
            }
        });
    }

    @Override
    protected void doStop() {
        workers.drain(DRAIN_TIMEOUT);
        acknowledgements.flush();
        super.doStop();
    }

    @Override
    protected void redeclareElementsIfNecessary() {
        queue.declareAgain();
    }

    @Override
    protected void processMonitorTask() {
        acknowledgements.flush();
        if (isActive()) {
            boolean consuming = isConsuming();
            queue.consuming(consuming);
            stallWatch.look(consuming);
        }
    }
}
