package com.example.rabbitrpc.client;

import com.example.rabbitrpc.client.QueueWatch.Reading;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Asks a broker about queues, by a connection and a channel that it opens when they are needed. */
final class QueueReader {

    static final long LONGEST_PAUSE_MS = 5_000;

    private static final long FIRST_PAUSE_MS = 100;
    private static final long ROUND_TRIP_MS = 1_000;

    /** Opens a connection, or gives one that is open. */
    @FunctionalInterface
    interface Opener {
        Connection open() throws Exception;
    }

    /** The broker closed the channel over the question. */
    static final class RefusedException extends IOException {

        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    private final Opener opener;
    private volatile long askedAt = System.nanoTime();
    private volatile boolean asking;

    private volatile @Nullable InetSocketAddress node;
    private @Nullable Connection connection;
    private @Nullable Channel channel;
    private long openAt = System.nanoTime();
    private long pause = FIRST_PAUSE_MS;

    QueueReader(Opener opener) {
        this.opener = opener;
    }

    /** Whether an answer is late; this alone does not wait for it. */
    boolean isOverdue() {
        return asking && System.nanoTime() - askedAt > TimeUnit.MILLISECONDS.toNanos(ROUND_TRIP_MS);
    }

    synchronized boolean isOpen() {
        Channel current = channel;
        return current != null && current.isOpen();
    }

    /** Whether it has failed to open, and is not to be tried again yet: where the broker refuses, it is asked ever more seldom. */
    synchronized boolean isPausing() {
        return System.nanoTime() - openAt < 0;
    }

    synchronized void open() throws Exception {
        askedAt = System.nanoTime();
        asking = true;
        try {
            Connection open = connection;
            if (open == null || !open.isOpen()) {
                open = opener.open();
                connection = open;
            }
            Channel opened = open.createChannel();
            if (opened == null) {
                throw new RefusedException(
                        "The connection has no channel left: raise channel_max, or the user's limit of channels");
            }
            channel = opened;
            node = Nodes.node(open);
        } catch (Exception | Error ex) {
            pause();
            throw ex;
        } finally {
            asking = false;
        }
    }

    private void pause() {
        openAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }

    /** @throws RefusedException where the broker does not tell; another exception where it does not answer */
    synchronized Reading read(String name) throws IOException {
        askedAt = System.nanoTime();
        asking = true;
        try {
            AMQP.Queue.DeclareOk answer = Objects.requireNonNull(channel).queueDeclarePassive(name);
            pause = FIRST_PAUSE_MS;
            return new Reading(true, answer.getConsumerCount(), answer.getMessageCount());
        } catch (IOException ex) {
            if (ex.getCause() instanceof ShutdownSignalException signal
                    && signal.getReason() instanceof AMQP.Channel.Close close) {
                if (close.getReplyCode() == AMQP.NOT_FOUND) {
                    return Reading.NO_QUEUE;
                }
                throw new RefusedException(close.getReplyText());
            }
            throw ex;
        } finally {
            asking = false;
        }
    }

    /** A channel whose answer is overdue cannot be used again, nor closed in time: its connection goes with it. */
    synchronized void abandon() {
        Connection current = connection;
        node = null;
        channel = null;
        connection = null;
        if (current != null && current.isOpen()) {
            current.abort((int) ROUND_TRIP_MS);
        }
    }

    /** The same, and it is opened again later, and later each time until it has answered. */
    synchronized void giveUp() {
        abandon();
        pause();
    }

    /** Where it asks, for any thread; null where it is not open. */
    @Nullable
    InetSocketAddress node() {
        return node;
    }
}
