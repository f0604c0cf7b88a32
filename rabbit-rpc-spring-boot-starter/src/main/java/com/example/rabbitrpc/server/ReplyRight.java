package com.example.rabbitrpc.server;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.rabbit.connection.ConnectionListener;

/**
 * Whether the broker takes this server's replies. Without the right to publish, each reply costs its channel: the request comes
 * again, is computed again, and so on for ever. So it is asked at each connection, before anything is computed, and where it is
 * refused nothing is consumed until it is there.
 */
final class ReplyRight implements ConnectionListener {

    private static final Logger log = LoggerFactory.getLogger(ReplyRight.class);

    private static final int BASIC_CLASS = 60;
    private static final int PUBLISH_METHOD = 40;
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    /** No queue has such a name: what is published to it goes nowhere. */
    private static final String NOWHERE = "amq.rpc-nowhere";

    private final RequestConnection connection;
    private final ExecutorService probing;
    private final AtomicBoolean asking = new AtomicBoolean();

    private volatile boolean refused;
    private volatile long askedAt;
    private volatile Duration pause = FIRST_PAUSE;

    ReplyRight(RequestConnection connection, ExecutorService probing) {
        this.connection = connection;
        this.probing = probing;
    }

    @Override
    public void onCreate(org.springframework.amqp.rabbit.connection.@Nullable Connection created) {
        ask();
    }

    boolean isRefused() {
        return refused;
    }

    /** To be told why a channel with requests was closed. */
    void closed(ShutdownSignalException cause) {
        if (isRefusal(cause)) {
            refuse();
        }
    }

    /** To be called often. It asks again on another thread, more and more seldom. */
    void look() {
        if (refused && System.nanoTime() - askedAt > pause.toNanos() && asking.compareAndSet(false, true)) {
            askedAt = System.nanoTime();
            try {
                probing.execute(() -> {
                    try {
                        ask();
                    } finally {
                        asking.set(false);
                    }
                });
            } catch (RuntimeException | Error ex) {
                asking.set(false);
                throw ex;
            }
        }
    }

    private void ask() {
        Connection current = connection.current();
        if (current == null) {
            return;
        }
        Channel channel = null;
        try {
            channel = current.createChannel();
            if (channel == null) { // All that there may be are in use.
                return;
            }
            channel.basicPublish("", NOWHERE, null, new byte[0]);
            channel.basicQos(1); // Whichever call: its answer means that the broker got past the message.
            channel.close();
            grant();
        } catch (IOException | RuntimeException | TimeoutException ex) {
            ShutdownSignalException cause = channel == null ? null : channel.getCloseReason();
            if (cause != null && isRefusal(cause)) {
                refuse();
            } else {
                log.debug("Not known whether replies are taken", ex);
            }
        }
    }

    private static boolean isRefusal(ShutdownSignalException cause) {
        return cause.getReason() instanceof AMQP.Channel.Close close
                && close.getReplyCode() == AMQP.ACCESS_REFUSED
                && close.getClassId() == BASIC_CLASS
                && close.getMethodId() == PUBLISH_METHOD;
    }

    private synchronized void refuse() {
        askedAt = System.nanoTime();
        if (refused) {
            Duration longer = pause.multipliedBy(2);
            pause = longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
        } else {
            refused = true;
            pause = FIRST_PAUSE;
            log.warn(
                    "The broker refuses this server's replies, so that it takes no requests: its user needs the right to"
                            + " write to the default exchange");
        }
    }

    private synchronized void grant() {
        if (refused) {
            refused = false;
            log.info("The broker takes this server's replies");
        }
    }
}
