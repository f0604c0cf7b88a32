package com.example.rabbitrpc.server;

import com.rabbitmq.client.Connection;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes a connection by which requests come no more although they wait in the queue. After nodes of a cluster have lost
 * each other for a moment, RabbitMQ may count deliveries that were under way against a consumer's prefetch for ever (its
 * issue 15473), and only another connection helps. A node that is cut off from the others brings no requests either, and only another
 * node helps.
 *
 * <p>The queue is asked each second in which nothing is open here and nothing came, and more often once messages were ready only on another
 * node; it counts if nothing has come until the next look. A look that finds the queue empty says nothing, as what nobody gets expires.
 * There are honest reasons, such as another consumer that is the single active one, so the next closing has to wait, each
 * time twice as long, until a delivery has come.
 */
final class StallWatch {

    private static final Logger log = LoggerFactory.getLogger(StallWatch.class);

    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final Duration INTERVAL_ELSEWHERE = Duration.ofMillis(300);
    private static final int LOOKS = 3;
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(10);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

    private final Acknowledgements acknowledgements;
    private final RequestQueues queues;
    private final RequestConnection connection;
    private final Supplier<CompletableFuture<Waiting>> question;

    // Of the monitor's thread alone.
    private long lastLook = System.nanoTime();
    private long lastDelivered;
    private boolean idle;
    private CompletableFuture<Waiting> waiting = CompletableFuture.completedFuture(Waiting.NONE);
    private int stalled;
    private long closedAt = lastLook;
    private Duration pause = Duration.ZERO;

    /**
     * How many messages are ready.
     *
     * @param here as the node knows that requests come from
     * @param elsewhere as another one knows; 0 without one
     */
    record Waiting(int here, int elsewhere) {

        static final Waiting NONE = new Waiting(0, 0);

        int messages() {
            return Math.max(here, elsewhere);
        }

        /** Only another node says so. */
        boolean isElsewhere() {
            return here == 0 && elsewhere > 0;
        }
    }

    StallWatch(
            Acknowledgements acknowledgements,
            RequestQueues queues,
            RequestConnection connection,
            Supplier<CompletableFuture<Waiting>> question) {
        this.acknowledgements = acknowledgements;
        this.queues = queues;
        this.connection = connection;
        this.question = question;
    }

    /** To be called often, on one thread. It asks on another, and waits only where it closes the connection. */
    void look(boolean consuming) {
        long now = System.nanoTime();
        Duration interval = waiting.getNow(Waiting.NONE).isElsewhere() ? INTERVAL_ELSEWHERE : INTERVAL;
        if (now - lastLook < interval.toNanos()) {
            return;
        }
        lastLook = now;
        boolean wasIdle = idle;
        // In a stream, what was answered stays.
        idle = consuming && !hasDelivered() && !acknowledgements.hasOpen() && queues.stream() == null;
        if (!idle) {
            stalled = 0;
        } else if (waiting.isDone() && now - closedAt >= pause.toNanos()) {
            if (wasIdle && waiting.join().messages() > 0) {
                stalled++;
            }
            if (stalled < LOOKS) {
                waiting = question.get().exceptionally(failure -> Waiting.NONE); // An Error, too: no thread, say.
            } else {
                close(now);
            }
        }
    }

    private boolean hasDelivered() {
        long delivered = acknowledgements.delivered();
        if (delivered == lastDelivered) {
            return false;
        }
        lastDelivered = delivered;
        pause = shorter(pause, FIRST_PAUSE);
        return true;
    }

    private void close(long now) {
        log.warn(
                "{} requests wait in the queue, and the broker delivers none to this server, which is idle: closing the"
                        + " connection for another one",
                waiting.join().messages());
        Connection current = connection.current();
        if (current != null) {
            connection.giveUpNode(current);
        }
        waiting = CompletableFuture.completedFuture(Waiting.NONE);
        stalled = 0;
        closedAt = now;
        pause = pause.isZero() ? FIRST_PAUSE : shorter(pause.multipliedBy(2), LONGEST_PAUSE);
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
