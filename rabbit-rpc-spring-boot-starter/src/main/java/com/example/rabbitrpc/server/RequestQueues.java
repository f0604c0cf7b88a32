package com.example.rabbitrpc.server;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ChannelContinuationTimeoutException;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.connection.ConnectionListener;

/**
 * The queues that a container's requests come from. On each new connection, and after one was deleted, it declares those that
 * the application has declared; the others must exist. One that exists with other arguments is used as it is, with one
 * warning: Spring's admin would fail on it at every connection.
 *
 * <p>A connection on which declaring or consuming is not answered in time is given up, and another node tried next. Spring
 * would try again on the same one, and on the same channel, which then takes the late answer for that to another question.
 */
final class RequestQueues implements ConnectionListener {

    private static final Logger log = LoggerFactory.getLogger(RequestQueues.class);

    private final List<String> names;
    private final List<Queue> declared;
    private final Duration timeout;
    private final RequestConnection connection;

    /** Whether a consumer is being started, and since when on this connection. */
    private volatile boolean starting;

    private volatile long startedAt;

    /** One of them that is no queue for requests; null where there is none, as far as the broker has said. */
    private volatile @Nullable String stream;

    private final Map<String, String> lastWarnings = new ConcurrentHashMap<>();

    /** @param declared those of them that the application declares */
    RequestQueues(List<String> names, List<Queue> declared, Duration timeout, RequestConnection connection) {
        this.names = names;
        this.declared = declared;
        this.timeout = timeout;
        this.connection = connection;
    }

    @Override
    public void onCreate(org.springframework.amqp.rabbit.connection.@Nullable Connection created) {
        startedAt = System.nanoTime();
        declareAgain();
    }

    /** Declares the queues on the current connection, if there is one. A consumer's start begins with it. */
    void declareAgain() {
        Connection current = connection.current();
        if (current == null) {
            return;
        }
        startedAt = System.nanoTime();
        starting = true;
        declared.forEach(queue -> declare(queue, current));
    }

    private void declare(Queue queue, Connection current) {
        if (!current.isOpen()) {
            return;
        }
        try {
            // A plain channel: it is refused where the arguments differ, which is no error worth Spring's log.
            Channel channel = current.createChannel();
            if (channel == null) { // All that there may be are in use, and so it was declared before.
                return;
            }
            channel.queueDeclare(
                    queue.getName(),
                    queue.isDurable(),
                    queue.isExclusive(),
                    queue.isAutoDelete(),
                    queue.getArguments());
            channel.close();
            if (queue.getName().equals(stream)) {
                stream = null;
            }
        } catch (ChannelContinuationTimeoutException | TimeoutException ex) {
            giveUpStart(current);
        } catch (IOException | ShutdownSignalException ex) {
            String refusal = refusal(ex);
            if (isStream(refusal)) {
                stream = queue.getName();
            }
            warnOnce(queue, refusal);
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

    /** How many messages are ready in the queues, as that channel's node knows; 0 where it does not say. */
    int waiting(ProbeChannel probe) {
        try {
            Channel channel = probe.open();
            int waiting = 0;
            if (channel != null) {
                for (String name : names) {
                    waiting += channel.queueDeclarePassive(name).getMessageCount();
                }
            }
            return waiting;
        } catch (IOException | RuntimeException ex) {
            log.debug("The broker does not say how many messages wait", ex);
            probe.forget();
            return 0;
        }
    }

    /** The broker names the argument, and what the queue has instead. */
    private static boolean isStream(String refusal) {
        return refusal.contains("'x-queue-type'") && refusal.contains("'stream'");
    }

    /** The name of one that is a stream: it keeps what was answered, and does not tell who consumes. Null where none is. */
    @Nullable
    String stream() {
        return stream;
    }

    private void warnOnce(Queue queue, String refusal) {
        if (refusal.equals(lastWarnings.put(queue.getName(), refusal))) {
            return;
        }
        if (isStream(refusal)) {
            log.warn(
                    "Queue {} is a stream, and requests need a classic or a quorum queue: delete it, or name another one",
                    queue.getName());
        } else {
            log.warn(
                    "Queue {} could not be declared with durable={}, exclusive={}, auto-delete={}, arguments={}; where"
                            + " it exists it is used as it is. The broker says: {}",
                    queue.getName(),
                    queue.isDurable(),
                    queue.isExclusive(),
                    queue.isAutoDelete(),
                    queue.getArguments(),
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
