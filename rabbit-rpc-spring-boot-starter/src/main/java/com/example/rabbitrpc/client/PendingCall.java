package com.example.fib.gateway;

import com.rabbitmq.client.Delivery;
import io.micrometer.tracing.Span;
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
    private final @Nullable Span span;
    private final @Nullable String traceparent;
    private final long deadline;
    private final CompletableFuture<Delivery> reply = new CompletableFuture<>();
    private volatile boolean queued;
    private volatile boolean published;
    private volatile boolean sentAgain;
    private volatile @Nullable Span secondSpan;

    PendingCall(
            String exchange,
            String routingKey,
            Message request,
            @Nullable CorrelationData correlationData,
            @Nullable Span span,
            Duration timeout) {
        this.exchange = exchange;
        this.routingKey = routingKey;
        this.request = request;
        this.correlationData = correlationData;
        this.span = span;
        this.traceparent = CallTracing.of(request.getMessageProperties());
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

    void markSentAgain(@Nullable Span sending) {
        secondSpan = sending;
        sentAgain = true;
    }

    /** The caller's span, null where there is none. */
    @Nullable
    Span span() {
        return span;
    }

    /** The span of its second sending, null where there is none. */
    @Nullable
    Span secondSpan() {
        return secondSpan;
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
        Span second = secondSpan;
        if (second != null) {
            second.end();
        }
    }

    /** What there is to remember of it once it is done, null where no further reply can come of it. */
    EndedCalls.@Nullable Call ended() {
        boolean answered = !reply.isCompletedExceptionally();
        return published && (sentAgain || !answered) ? new EndedCalls.Call(answered, traceparent) : null;
    }
}
