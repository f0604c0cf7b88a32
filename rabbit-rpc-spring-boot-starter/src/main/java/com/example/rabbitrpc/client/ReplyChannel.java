package com.example.fib.gateway;

import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ShutdownSignalException;
import io.micrometer.tracing.Span;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.AmqpConnectException;
import org.springframework.amqp.AmqpException;
import org.springframework.amqp.AmqpResourceNotAvailableException;
import org.springframework.amqp.AmqpTimeoutException;
import org.springframework.amqp.core.Address;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.rabbit.connection.Connection;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.amqp.rabbit.support.RabbitExceptionTranslator;
import org.springframework.core.NestedExceptionUtils;

/**
 * The one channel of a {@link SharedReplyTemplate}, and the one thread that opens it, publishes on it, and opens it again
 * when it is lost. Callers only put a request into a queue and wait, so whatever a broker does to a connection, a
 * handshake or a write that hangs, holds up this thread and no caller.
 *
 * <p>While a first attempt to connect is under way, calls wait for it. Once an attempt has failed they are refused at
 * once, until one succeeds.
 */
final class ReplyChannel {

    private static final Logger log = LoggerFactory.getLogger(ReplyChannel.class);
    private static final long IDLE_CHECK_MS = 100;
    private static final long FIRST_PAUSE_MS = 100;
    private static final long LONGEST_PAUSE_MS = 1_000;
    private static final long STOP_MS = 5_000;

    private final SharedReplyTemplate template;
    private final RetryBudget budget;
    // Not bounded by itself: it holds no more calls than there are callers waiting, since each takes out its own.
    private final BlockingQueue<PendingCall> outbox = new LinkedBlockingQueue<>();
    private volatile @Nullable Channel channel;
    private volatile @Nullable String blockedBecause;
    private volatile @Nullable Exception unreachable;
    private volatile @Nullable Thread thread;
    private volatile CountDownLatch stopped = new CountDownLatch(1);

    ReplyChannel(SharedReplyTemplate template, RetryBudget budget) {
        this.template = template;
        this.budget = budget;
    }

    /** Takes a call to be published as soon as there is a channel. Throws at once where that cannot be. */
    void publish(PendingCall call) {
        if (blockedBecause != null) {
            throw new AmqpResourceNotAvailableException("The broker takes no messages: " + blockedBecause);
        }
        enqueue(call);
        // Checked after the call can be seen: whoever sets it fails the calls that wait at that time.
        Exception failure = unreachable;
        if (failure != null) {
            throw notConnected(failure);
        }
    }

    /** Sends a call once more, where it was sent once only and the budget allows. Whether it will be sent. */
    boolean publishAgain(PendingCall call, String reason) {
        if (!call.isPublished() || call.wasSentAgain() || isBlocked() || !budget.spend()) {
            return false;
        }
        Span span = call.span();
        call.markSentAgain(span == null ? null : template.tracing().again(span, reason));
        enqueue(call);
        return true;
    }

    private void enqueue(PendingCall call) {
        call.queued(true);
        outbox.add(call);
    }

    void withdraw(PendingCall call) {
        if (call.isQueued()) {
            outbox.remove(call);
        }
    }

    /** Throws where a call that ended without a reply was never sent. */
    void requirePublished(PendingCall call) {
        if (!call.isPublished()) {
            throw notConnected(unreachable);
        }
    }

    boolean isOpen() {
        Channel current = channel;
        return current != null && current.isOpen();
    }

    boolean isBlocked() {
        return blockedBecause != null;
    }

    /** Calls that are not yet published. */
    int queued() {
        return outbox.size();
    }

    boolean owns(Channel other) {
        return channel == other;
    }

    boolean isRunning() {
        return thread != null;
    }

    synchronized void start() {
        if (thread == null) {
            stopped = new CountDownLatch(1);
            Thread publisher = new Thread(this::run, "rpc-publisher");
            publisher.setDaemon(true);
            publisher.start();
            thread = publisher;
        }
    }

    synchronized void stop() {
        Thread publisher = thread;
        if (publisher != null) {
            stopped.countDown();
            publisher.interrupt();
            try {
                publisher.join(STOP_MS);
            } catch (InterruptedException ex) {
                Thread.currentThread().interrupt();
            }
            thread = null;
            template.failPending(() -> new AmqpResourceNotAvailableException("The gateway is stopping"));
        }
    }

    private void run() {
        long pause = FIRST_PAUSE_MS;
        while (!isStopped()) {
            try {
                Channel opened = open();
                connected();
                pause = FIRST_PAUSE_MS;
                publishUntilClosed(opened);
                pause(FIRST_PAUSE_MS);
            } catch (InterruptedException ex) {
                return;
            } catch (Exception ex) {
                refuseCalls(ex);
                pause(pause);
                pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
            }
        }
    }

    private Channel open() throws IOException {
        ConnectionFactory factory = template.getConnectionFactory();
        // A connection of its own: an alarm blocks the connections that publish, and only those.
        ConnectionFactory publishers = factory.getPublisherConnectionFactory();
        Connection connection = (publishers == null ? factory : publishers).createConnection();
        com.rabbitmq.client.Connection delegate = Objects.requireNonNull(connection.getDelegate());
        Channel opened = delegate.createChannel();
        if (opened == null) {
            throw new AmqpResourceNotAvailableException("The connection has no channel left");
        }
        opened.addShutdownListener(this::lost);
        opened.addReturnListener(template::returned);
        opened.basicConsume(
                Address.AMQ_RABBITMQ_REPLY_TO, true, (tag, delivery) -> template.received(delivery), tag -> {});
        delegate.clearBlockedListeners();
        delegate.addBlockedListener(this::blocked, this::unblocked);
        channel = opened;
        return opened;
    }

    private void publishUntilClosed(Channel opened) throws InterruptedException {
        while (opened.isOpen()) {
            PendingCall call = outbox.poll(IDLE_CHECK_MS, TimeUnit.MILLISECONDS);
            if (call != null) {
                call.queued(false);
                if (call.isWaiting()) {
                    publish(opened, call);
                }
            }
        }
    }

    private void publish(Channel opened, PendingCall call) {
        MessageProperties properties = call.request().getMessageProperties();
        if (properties.getExpiration() != null) {
            properties.setExpiration(Long.toString(Math.max(0, call.millisLeft())));
        }
        Span again = call.secondSpan();
        if (again != null) {
            template.tracing().inject(again, properties);
        }
        // First marked, then sent: a connection lost in between fails this call too.
        call.published(true);
        try {
            template.send(opened, call);
        } catch (AlreadyClosedException ex) {
            // Nothing was sent: it is the next channel's.
            call.published(false);
            if (call.isWaiting()) {
                enqueue(call);
            }
        } catch (RuntimeException | Error ex) {
            // An error too is the call's, and not the end of the one thread that all others need.
            call.fail(RabbitExceptionTranslator.convertRabbitAccessException(ex));
        }
    }

    /** Calls that were published are sent again or fail; those still to be published wait for the next channel. */
    private void lost(ShutdownSignalException cause) {
        blockedBecause = null;
        template.forEachPending(call -> template.connectionLost(call, cause));
    }

    private void blocked(String reason) {
        blockedBecause = reason;
        log.warn("The broker takes no requests, calls are refused: {}", LogText.line(reason));
    }

    private void unblocked() {
        blockedBecause = null;
        log.info("The broker takes requests again");
    }

    private void connected() {
        if (unreachable != null) {
            log.info("Connected to the broker again");
        }
        unreachable = null;
    }

    private void refuseCalls(Exception cause) {
        if (unreachable == null) {
            // What is behind it: an expired certificate says more than a failed handshake.
            String why = LogText.line(
                    NestedExceptionUtils.getMostSpecificCause(cause).toString());
            log.warn("Cannot connect to the broker, calls are refused until it is back: {}", why);
        }
        unreachable = cause;
        template.failPending(() -> notConnected(cause));
    }

    private static AmqpException notConnected(@Nullable Exception cause) {
        return cause == null
                ? new AmqpTimeoutException("No connection to the broker in time")
                : new AmqpConnectException("No connection to the broker", cause);
    }

    private boolean isStopped() {
        return stopped.getCount() == 0;
    }

    /** Waits for a random time of up to the given one, so that many gateways do not come back all at once. */
    private void pause(long millis) {
        try {
            stopped.await(ThreadLocalRandom.current().nextLong(millis / 2, millis + 1), TimeUnit.MILLISECONDS);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }
}
