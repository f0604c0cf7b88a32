package com.example.fib.server;

import com.rabbitmq.client.Channel;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.amqp.autoconfigure.RabbitProperties;
import org.springframework.stereotype.Component;

/**
 * Acknowledges in tens: a channel's messages are handled one after another, so one acknowledgement can stand for all up to
 * its tag. Those of a channel that falls idle are sent at the next {@link #flush()}. After {@link #drain()} new messages
 * are to be left alone, and acknowledgements are sent at once.
 */
@Component
final class Acknowledgements {

    private static final Logger log = LoggerFactory.getLogger(Acknowledgements.class);

    /** More gains nothing, and what a killed server has answered but not acknowledged is computed twice. */
    private static final int MAX_BATCH = 10;

    private final Map<Channel, Pending> pending = new ConcurrentHashMap<>();

    private final int batch;

    private volatile boolean draining;

    Acknowledgements(RabbitProperties properties) {
        Integer prefetch = properties.getListener().getDirect().getPrefetch();
        // At most half of what may be unacknowledged, or the broker would stop delivering until the next flush.
        this.batch = prefetch == null ? MAX_BATCH : Math.max(1, Math.min(MAX_BATCH, prefetch / 2));
    }

    void ack(Channel channel, long tag) throws IOException {
        Pending acks = pending.computeIfAbsent(channel, key -> new Pending());
        synchronized (acks) {
            acks.tag = tag;
            acks.count++;
            if (acks.count >= batch || draining) {
                acks.send(channel);
            }
        }
    }

    /** Rejects for good: to the dead-letter exchange where the queue has one. Never throws, as below. */
    void reject(Channel channel, long tag) {
        try {
            channel.basicReject(tag, false);
        } catch (IOException | RuntimeException ex) {
            log.debug("A rejection was lost with its channel", ex);
        }
    }

    /** Sends what waits. Never throws: what a lost channel had pending, the broker delivers again. */
    void flush() {
        pending.forEach((channel, acks) -> {
            try {
                synchronized (acks) {
                    acks.send(channel);
                }
            } catch (IOException | RuntimeException ex) {
                log.debug("Acknowledgements lost with their channel", ex);
            }
            if (!channel.isOpen()) {
                pending.remove(channel);
            }
        });
    }

    boolean draining() {
        return draining;
    }

    void drain() {
        draining = true;
        flush();
    }

    void resume() {
        draining = false;
    }

    private static final class Pending {

        private long tag;
        private int count;

        private void send(Channel channel) throws IOException {
            if (count > 0) {
                count = 0;
                channel.basicAck(tag, true);
            }
        }
    }
}
