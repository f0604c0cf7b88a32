package com.example.rabbitrpc.client;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.AmqpException;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.rabbit.connection.CorrelationData;

/**
 * A request on its way and the caller that waits for its reply. The caller waits without a time-out: a {@link CallTimer} ends
 * what is due.
 */
final class PendingCall {

    /** How far its request is. What is lost with a connection depends on it, and nothing else. */
    private enum Sending {
        /** Nothing of it is on any connection that is open. */
        UNSENT,
        /** The publisher is writing it. */
        SENDING,
        /** It is written, and waits for its reply on {@link #sentOn}. */
        SENT
    }

    private final String exchange;
    private final String routingKey;
    private final Message request;
    private final @Nullable CorrelationData correlationData;
    private final CallTracing.@Nullable Trace trace;
    private final long deadline;
    private final long hedgeAt;
    private final CompletableFuture<@Nullable Delivery> reply = new CompletableFuture<>();

    private Sending sending = Sending.UNSENT;
    private @Nullable Channel sentOn;
    private boolean everSent;
    private long sentAt;
    private volatile boolean queued;
    private volatile boolean hedgeTried;
    private volatile boolean sentAgain;
    private volatile boolean returned;

    /**
     * @param deadline by {@link System#nanoTime()}, as {@code hedgeAt} is
     * @param hedgeAt when to send it once more; the deadline where it is not
     */
    PendingCall(
            String exchange,
            String routingKey,
            Message request,
            @Nullable CorrelationData correlationData,
            CallTracing.@Nullable Trace trace,
            long deadline,
            long hedgeAt) {
        this.exchange = exchange;
        this.routingKey = routingKey;
        this.request = request;
        this.correlationData = correlationData;
        this.trace = trace;
        this.deadline = deadline;
        this.hedgeAt = hedgeAt;
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

    /** What its trace shows; null where there is none. */
    CallTracing.@Nullable Trace trace() {
        return trace;
    }

    /** What is left of the call's time, in ms; 0 or less when it is over. */
    long millisLeft() {
        return TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
    }

    boolean isDue(long now) {
        return deadline - now <= 0;
    }

    /** Whether it is time to send it once more, which is tried once. */
    boolean hedgeIsDue(long now) {
        return !hedgeTried && hedgeAt - now <= 0 && !isDue(now);
    }

    void hedgeTried() {
        hedgeTried = true;
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

    synchronized void sending() {
        sending = Sending.SENDING;
    }

    synchronized void sent(Channel channel) {
        if (sentOn != channel) {
            sentAt = System.nanoTime();
        }
        sending = Sending.SENT;
        sentOn = channel;
        everSent = true;
    }

    /** Since when it waits for a reply on that channel, by {@link System#nanoTime()}; null where it does not. */
    synchronized @Nullable Long sentAt(Channel channel) {
        return sending == Sending.SENT && sentOn == channel ? sentAt : null;
    }

    synchronized boolean wasSentBefore(long time) {
        return sending == Sending.SENT && isWaiting() && sentAt - time < 0;
    }

    synchronized void unsent() {
        sending = Sending.UNSENT;
        sentOn = null;
    }

    synchronized boolean isUnsent() {
        return sending == Sending.UNSENT;
    }

    synchronized boolean isSent() {
        return sending == Sending.SENT;
    }

    /** Whether it waited for a reply on that channel, which is lost; if so, it is unsent now. True for one of those who ask. */
    synchronized boolean lose(Channel lost) {
        if (sending != Sending.SENT || sentOn != lost) {
            return false;
        }
        unsent();
        return true;
    }

    /** Whether it was waited for. */
    boolean complete(Delivery delivery) {
        return reply.complete(delivery);
    }

    void fail(RuntimeException failure) {
        reply.completeExceptionally(failure);
    }

    /** No queue took it, so that no reply can come of that sending. */
    void returned(RuntimeException failure) {
        returned = true;
        fail(failure);
    }

    /** Its time is over. */
    void expire() {
        reply.complete(null);
    }

    boolean wasSentAgain() {
        return sentAgain;
    }

    void markSentAgain(String reason) {
        if (trace != null) {
            trace.again(reason);
        }
        sentAgain = true;
    }

    /** The reply, or null when the deadline came first. Throws what the call was failed with. */
    @Nullable
    Delivery await() {
        try {
            return reply.get();
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

    /** What there is to remember of it once it is done, null where no further reply can come of it. */
    EndedCalls.@Nullable Call ended() {
        if (returned && !sentAgain) {
            return null;
        }
        boolean answered = !reply.isCompletedExceptionally() && reply.getNow(null) != null;
        synchronized (this) {
            return everSent && (sentAgain || !answered) ? new EndedCalls.Call(answered, trace) : null;
        }
    }
}
