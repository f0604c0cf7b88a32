package com.example.rabbitrpc.server;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one channel of a connection for questions about queues, kept, as a broker feels channels that come and go. Where there may be none besides
 * those that requests come by, there is none: over a user's limit of channels the broker closes the whole connection, so that
 * each try has a price, and the next one comes later.
 */
public final class ProbeChannel {

    private static final Logger log = LoggerFactory.getLogger(ProbeChannel.class);

    /** In the broker's words: the method that it refuses is not in its answer. */
    private static final String CHANNELS = "number of channels";

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(10);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

    private final Supplier<@Nullable Connection> connection;

    private @Nullable Channel channel;
    private @Nullable Connection of;
    private Duration pause = Duration.ZERO;
    private long refusedAt;

    ProbeChannel(Supplier<@Nullable Connection> connection) {
        this.connection = connection;
    }

    /** It, open; null where there is no connection, or may be no further channel. One caller at a time. */
    public @Nullable Channel open() throws IOException {
        Connection open = connection.get();
        Channel current = channel;
        if (current != null && current.isOpen() && of == open) {
            return current;
        }
        if (open == null || isRefused()) {
            return null;
        }
        try {
            current = open.createChannel();
        } catch (IOException | ShutdownSignalException ex) {
            if (isOverLimit(open.getCloseReason())) {
                refused();
                return null;
            }
            throw ex;
        }
        channel = current;
        of = open;
        if (current == null) {
            refused();
        } else {
            pause = Duration.ZERO;
        }
        return current;
    }

    /** Whether there is none because there may be none. */
    public boolean isRefused() {
        return !pause.isZero() && System.nanoTime() - refusedAt < pause.toNanos();
    }

    /** After a question that failed: what is answered late would be taken for the answer to the next one. */
    public void forget() {
        Channel current = channel;
        channel = null;
        if (current != null) {
            try {
                current.abort();
            } catch (IOException | ShutdownSignalException ex) {
                log.debug("Lost with its connection", ex);
            }
        }
    }

    private void refused() {
        if (pause.isZero()) {
            log.warn("No channel is left to ask the broker by: raise channel_max, or the user's limit of channels");
        }
        Duration longer = pause.isZero() ? FIRST_PAUSE : pause.multipliedBy(2);
        pause = longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
        refusedAt = System.nanoTime();
    }

    private static boolean isOverLimit(@Nullable ShutdownSignalException cause) {
        return cause != null
                && cause.getReason() instanceof AMQP.Connection.Close close
                && close.getReplyCode() == AMQP.NOT_ALLOWED
                && close.getReplyText().contains(CHANNELS);
    }
}
