package com.example.fib.gateway;

import com.rabbitmq.client.Delivery;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.AmqpException;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.rabbit.connection.CorrelationData;

/** A request on its way and the caller that waits for its reply, for no longer than the call's own deadline. */
final class PendingCall {

    private final String exchange;
    private final String routingKey;
    private final Message request;
    private final @Nullable CorrelationData correlationData;
    private final long deadline;
    private final CompletableFuture<Delivery> reply = new CompletableFuture<>();
    private volatile boolean queued;
    private volatile boolean published;
    private volatile boolean sentAgain;

    PendingCall(
            String exchange,
            String routingKey,
            Message request,
            @Nullable CorrelationData correlationData,
            Duration timeout) {
        this.exchange = exchange;
        this.routingKey = routingKey;
        this.request = request;
        this.correlationData = correlationData;
        this.deadline = System.nanoTime() + timeout.toNanos();
    }

    String exchange() {
        return exchange;
    }

    String routingKey() {
        return routingKey;
    }

    Message request() {
        return request;
    }

    @Nullable
    CorrelationData correlationData() {
        return correlationData;
    }

    /** What is left of the call's time, in ms; 0 or less when it is over. */
    long millisLeft() {
        return TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
    }

    boolean isWaiting() {
        return !reply.isDone();
    }

    /** Whether it is in the queue of those to be published. */
    boolean isQueued() {
        return queued;
    }

    void queued(boolean is) {
        queued = is;
    }

    /** Whether it was published on the channel that is open now. */
    boolean isPublished() {
        return published;
    }

    void published(boolean is) {
        published = is;
    }

    /** Whether it was waited for. */
    boolean complete(Delivery delivery) {
        return reply.complete(delivery);
    }

    void fail(RuntimeException failure) {
        reply.completeExceptionally(failure);
    }

    boolean wasSentAgain() {
        return sentAgain;
    }

    void markSentAgain() {
        sentAgain = true;
    }

    /** The reply, or null when the time or the deadline came first. Throws what the call was failed with. */
    @Nullable
    Delivery await(long nanos) {
        try {
            return reply.get(Math.min(nanos, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException ex) {
            return null;
        } catch (ExecutionException ex) {
            throw ex.getCause() instanceof RuntimeException failure ? failure : new AmqpException(ex.getCause());
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new AmqpException("Interrupted while waiting for a reply", ex);
        }
    }

    /** Whoever comes later finds it done: a publisher skips it, a late reply is nobody's. */
    void end() {
        reply.cancel(false);
    }
}
