package com.example.fib.server;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.rabbit.connection.Connection;
import org.springframework.amqp.rabbit.connection.ConnectionListener;
import org.springframework.stereotype.Component;

/**
 * Declares the queue that requests come from, on each new connection and after it was deleted. One that exists with other
 * arguments is used as it is, with one warning: Spring's admin would fail on it at every connection.
 */
@Component
final class RequestQueue implements ConnectionListener {

    private static final Logger log = LoggerFactory.getLogger(RequestQueue.class);

    private final ServerSettings.Queue queue;

    private volatile @Nullable Connection connection;

    private volatile @Nullable String lastWarning;

    RequestQueue(ServerSettings settings) {
        this.queue = settings.queue();
    }

    @Override
    public void onCreate(@Nullable Connection created) {
        log.info("Connected to the broker");
        connection = created;
        declareAgain();
    }

    /** Declares the queue on the current connection, if there is one. */
    void declareAgain() {
        Connection current = connection;
        if (current == null || !current.isOpen()) {
            return;
        }
        // A plain channel: it is refused and closed where the arguments differ, which is no error worth Spring's log.
        try (Channel channel = current.getDelegate().createChannel()) {
            channel.queueDeclare(queue.name(), queue.durable(), false, false, arguments());
        } catch (IOException | TimeoutException | ShutdownSignalException ex) {
            warnOnce(refusal(ex));
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

    private static String refusal(Exception ex) {
        Throwable cause = ex instanceof IOException && ex.getCause() != null ? ex.getCause() : ex;
        return cause instanceof ShutdownSignalException signal && signal.getReason() instanceof AMQP.Channel.Close close
                ? close.getReplyText()
                : String.valueOf(cause.getMessage());
    }
}
