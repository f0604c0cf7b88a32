package com.example.rabbitrpc.server;

import com.rabbitmq.client.Channel;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Acknowledges in tens. A channel's requests are done in any order, so one acknowledgement stands for all before the first
 * that is still open; those after it are acknowledged one by one, once they are half of what the broker sends without
 * acknowledgements. What is too little for either is sent at the next {@link #flush()}.
 */
final class Acknowledgements {

    private static final Logger log = LoggerFactory.getLogger(Acknowledgements.class);

    /** More gains nothing, and what a killed server has answered but not acknowledged is computed twice. */
    private static final int MAX_BATCH = 10;

    private static final long POLL_NANOS = 5_000_000;

    private final Map<Channel, Deliveries> channels = new ConcurrentHashMap<>();
    private final LongAdder delivered = new LongAdder();

    private final int half;
    private final int batch;

    Acknowledgements(int prefetch) {
        // No more than half, or the broker would stop delivering until the next flush.
        this.half = Math.max(1, prefetch / 2);
        this.batch = Math.min(MAX_BATCH, half);
    }

    /**
     * To be called for each delivery in its order, before any call of the other methods for it.
     *
     * @return whether it is the first of its channel
     */
    boolean delivered(Channel channel, long tag) {
        Deliveries known = channels.get(channel);
        Deliveries deliveries = known == null ? channels.computeIfAbsent(channel, key -> new Deliveries()) : known;
        synchronized (deliveries) {
            deliveries.open.add(tag);
        }
        delivered.increment();
        return known == null;
    }

    /** How many deliveries there were, ever. */
    long delivered() {
        return delivered.sum();
    }

    /** Whether there are deliveries that are neither done nor rejected. */
    boolean hasOpen() {
        return channels.entrySet().stream().anyMatch(entry -> {
            Deliveries deliveries = entry.getValue();
            synchronized (deliveries) {
                return !deliveries.open.isEmpty() && entry.getKey().isOpen();
            }
        });
    }

    /** Returns when nothing is open any more, or the time is over. */
    void awaitDone(Duration timeout) {
        long end = System.nanoTime() + timeout.toNanos();
        while (hasOpen()
                && System.nanoTime() - end < 0
                && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    void ack(Channel channel, long tag) throws IOException {
        Deliveries deliveries = channels.get(channel);
        if (deliveries == null) {
            return; // Lost, and forgotten by the last flush.
        }
        synchronized (deliveries) {
            deliveries.open.remove(tag);
            deliveries.done.add(tag);
            if (deliveries.done.size() >= batch) {
                NavigableSet<Long> together = deliveries.together();
                if (together.size() >= batch) {
                    deliveries.ackTogether(channel, together);
                } else if (deliveries.done.size() >= half) {
                    deliveries.ackAll(channel);
                }
            }
        }
    }

    /** Rejects for good: to the dead-letter exchange where the queue has one. Never throws, as below. */
    void reject(Channel channel, long tag) {
        settle(channel, tag, false);
    }

    /** Deliveries of this channel can be given back from now on: the broker would send it none of them again. */
    void cancelled(Channel channel) {
        channels.computeIfAbsent(channel, key -> new Deliveries()).cancelled = true;
    }

    boolean isCancelled(Channel channel) {
        Deliveries deliveries = channels.get(channel);
        return deliveries != null && deliveries.cancelled;
    }

    /** Everything of a channel that is not done. Never throws, as below. */
    void giveBackAll(Channel channel) {
        Deliveries deliveries = channels.get(channel);
        if (deliveries != null) {
            List<Long> open;
            synchronized (deliveries) {
                open = List.copyOf(deliveries.open);
            }
            open.forEach(tag -> settle(channel, tag, true));
        }
    }

    /** Lets the broker deliver it to others, at once where the consumer is cancelled, else when the channel is closed. Never throws, as below. */
    void giveBack(Channel channel, long tag) {
        Deliveries deliveries = channels.get(channel);
        if (deliveries != null && deliveries.cancelled) {
            settle(channel, tag, true);
        }
    }

    private void settle(Channel channel, long tag, boolean requeue) {
        try {
            if (requeue) {
                channel.basicNack(tag, false, true); // No rejection: those count towards a quorum queue's limit.
            } else {
                channel.basicReject(tag, false);
            }
            Deliveries deliveries = channels.get(channel);
            if (deliveries != null) {
                synchronized (deliveries) {
                    deliveries.open.remove(tag);
                }
            }
        } catch (IOException | RuntimeException ex) {
            log.debug("Lost with its channel", ex);
        }
    }

    /** Sends what waits. Never throws: what a lost channel had pending, the broker delivers again. */
    void flush() {
        channels.forEach((channel, deliveries) -> {
            try {
                synchronized (deliveries) {
                    deliveries.ackAll(channel);
                }
            } catch (IOException | RuntimeException ex) {
                log.debug("Acknowledgements lost with their channel", ex);
            }
            if (!channel.isOpen()) {
                channels.remove(channel);
            }
        });
    }

    /** The tags of one channel that the broker waits to have acknowledged. */
    private static final class Deliveries {

        private final NavigableSet<Long> open = new TreeSet<>();
        private final NavigableSet<Long> done = new TreeSet<>();

        private volatile boolean cancelled;

        /** Those done before the first that is open. */
        private NavigableSet<Long> together() {
            return open.isEmpty() ? done : done.headSet(open.first(), false);
        }

        private void ackTogether(Channel channel, NavigableSet<Long> together) throws IOException {
            if (!together.isEmpty()) {
                long last = together.last();
                together.clear();
                channel.basicAck(last, true);
            }
        }

        private void ackAll(Channel channel) throws IOException {
            ackTogether(channel, together());
            while (!done.isEmpty()) {
                channel.basicAck(done.pollFirst(), false);
            }
        }
    }
}
