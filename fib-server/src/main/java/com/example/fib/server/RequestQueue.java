package com.example.fib.server;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ChannelContinuationTimeoutException;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.rabbit.connection.ConnectionListener;
import org.springframework.boot.amqp.autoconfigure.RabbitProperties;
import org.springframework.stereotype.Component;

/**
 * Declares the queue that requests come from, on each new connection and after it was deleted. One that exists with other
 * arguments is used as it is, with one warning: Spring's admin would fail on it at every connection.
 *
 * <p>A connection on which declaring or consuming is not answered in time is given up, and another node tried next. Spring
 * would try again on the same one, and on the same channel, which then takes the late answer for that to another question.
 */
@Component
final class RequestQueue implements ConnectionListener {

    private static final Logger log = LoggerFactory.getLogger(RequestQueue.class);

    private final ServerSettings.Queue queue;
    private final Duration timeout;
    private final RequestConnection connection;

    /** Whether a consumer is being started, and since when on this connection. */
    private volatile boolean starting;

    private volatile long startedAt;

    private volatile @Nullable String lastWarning;

    /** The channel of {@link #waiting()}, kept: a broker feels channels that come and go. */
    private @Nullable Channel asking;

    RequestQueue(ServerSettings settings, RabbitProperties properties, RequestConnection connection) {
        this.queue = settings.queue();
        this.timeout = properties.getChannelRpcTimeout();
        this.connection = connection;
    }

    @Override
    public void onCreate(org.springframework.amqp.rabbit.connection.@Nullable Connection created) {
        log.info("Connected to the broker");
        startedAt = System.nanoTime();
        declareAgain();
    }

    /** Declares the queue on the current connection, if there is one. A consumer's start begins with it. */
    void declareAgain() {
        Connection current = connection.current();
        if (current == null) {
            return;
        }
        startedAt = System.nanoTime();
        starting = true;
        try {
            // A plain channel: it is refused where the arguments differ, which is no error worth Spring's log.
            Channel channel = current.createChannel();
            channel.queueDeclare(queue.name(), queue.durable(), false, false, arguments());
            channel.close();
        } catch (ChannelContinuationTimeoutException | TimeoutException ex) {
            giveUpStart(current);
        } catch (IOException | ShutdownSignalException ex) {
            warnOnce(refusal(ex));
        }
    }

    /** To be told after each try to consume, and often besides, whether there are consumers now. */
    void consuming(boolean consuming) {
        Connection current = connection.current();
        if (consuming) {
            starting = false;
        } else if (starting && current != null && isOverdue()) {
            giveUpStart(current);
        }
    }

    /** What is refused is refused at once: a start that took as long as an answer may take has waited for one in vain. */
    private boolean isOverdue() {
        long nanos = timeout.toNanos() / 10 * 9; // The client counts in whole ms.
        return nanos > 0 && System.nanoTime() - startedAt >= nanos;
    }

    private void giveUpStart(Connection current) {
        starting = false;
        log.warn(
                "The broker at {}:{} has not let this server consume within {} ms, trying another connection",
                current.getAddress().getHostAddress(),
                current.getPort(),
                timeout.toMillis());
        connection.giveUpNode(current);
    }

    /** How many messages are ready in the queue; 0 where the broker does not say. One caller at a time. */
    int waiting() {
        try {
            Connection current = connection.current();
            Channel channel = asking;
            if (channel == null || !channel.isOpen()) {
                channel = current == null ? null : current.createChannel();
                asking = channel;
            }
            return channel == null
                    ? 0
                    : channel.queueDeclarePassive(queue.name()).getMessageCount();
        } catch (IOException | RuntimeException ex) {
            log.debug("The broker does not say how many messages wait", ex);
            forgetAsking(); // What it answers late would be taken for the answer to the next question.
            return 0;
        }
    }

    private void forgetAsking() {
        Channel channel = asking;
        asking = null;
        if (channel != null) {
            try {
                channel.abort();
            } catch (IOException | ShutdownSignalException ex) {
                log.debug("Lost with its connection", ex);
            }
        }
    }

    /** A classic queue is declared without arguments, as every tutorial's programs declare it. */
    private Map<String, Object> arguments() {
        return queue.type() == ServerSettings.Type.QUORUM ? Map.of("x-queue-type", "quorum") : Map.of();
    }

    private void warnOnce(String refusal) {
        if (!refusal.equals(lastWarning)) {
            lastWarning = refusal;
            log.warn(
                    "Queue {} could not be declared with durable={}, exclusive=false, auto-delete=false, arguments={}; where"
                            + " it exists it is used as it is. The broker says: {}",
                    queue.name(),
                    queue.durable(),
                    arguments(),
                    refusal);
        }
    }

    /** The broker's words, in one line. It closes the channel where arguments differ, and the connection where it refuses the kind. */
    private static String refusal(Exception ex) {
        Throwable cause = ex instanceof IOException && ex.getCause() != null ? ex.getCause() : ex;
        Object reason = cause instanceof ShutdownSignalException signal ? signal.getReason() : null;
        String words = reason instanceof AMQP.Channel.Close channel
                ? channel.getReplyText()
                : reason instanceof AMQP.Connection.Close closed ? closed.getReplyText() : cause.getMessage();
        return String.valueOf(words).replaceAll("\\s+", " ");
    }
}
