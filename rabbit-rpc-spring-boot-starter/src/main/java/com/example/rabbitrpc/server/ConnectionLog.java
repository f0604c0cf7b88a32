package com.example.rabbitrpc.server;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.rabbit.connection.RabbitUtils;
import org.springframework.amqp.rabbit.listener.AsyncConsumerStartedEvent;
import org.springframework.amqp.rabbit.listener.ListenerContainerConsumerFailedEvent;
import org.springframework.amqp.rabbit.listener.ListenerContainerConsumerTerminatedEvent;
import org.springframework.amqp.rabbit.listener.MissingQueueEvent;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.core.NestedExceptionUtils;

/**
 * What an operator reads when the broker goes and comes: a line for each change, and for tries that fail, one less and less
 * often. It stands between a container and those who listen to its events.
 */
final class ConnectionLog implements ApplicationEventPublisher {

    private static final Logger log = LoggerFactory.getLogger(ConnectionLog.class);

    private static final int MAX_REASON = 200;
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    private final RpcListenerContainer container;
    private final String queues;
    private final @Nullable ApplicationEventPublisher next;

    private boolean consuming;
    private long saidAt;
    private Duration pause = Duration.ZERO;

    ConnectionLog(RpcListenerContainer container, @Nullable ApplicationEventPublisher next) {
        this.container = container;
        this.queues = String.join(", ", container.getQueueNames());
        this.next = next;
    }

    @Override
    public void publishEvent(Object event) {
        if (event instanceof AsyncConsumerStartedEvent) {
            started();
        } else if (event instanceof ListenerContainerConsumerTerminatedEvent) {
            terminated();
        } else if (event instanceof MissingQueueEvent missing) {
            missing(missing.getQueue());
        } else if (event instanceof ListenerContainerConsumerFailedEvent failed && failed.getThrowable() != null) {
            failed(failed.getThrowable());
        }
        if (next != null) {
            next.publishEvent(event);
        }
    }

    private synchronized void started() {
        if (!consuming && container.isConsuming()) {
            consuming = true;
            pause = Duration.ZERO;
            log.info("Consuming requests from {}", queues);
        }
    }

    private synchronized void terminated() {
        if (consuming) {
            consuming = false;
            log.warn("Lost the broker or the queue, no longer consuming from {}", queues);
        }
    }

    private synchronized void missing(String queue) {
        if (mayBeSaid()) {
            log.warn("Queue {} is missing, trying again", queue);
        }
    }

    private synchronized void failed(Throwable failure) {
        if (!mayBeSaid()) {
            return;
        }
        // What is behind it: an expired certificate says more than a failed handshake.
        String reason =
                LogText.quote(NestedExceptionUtils.getMostSpecificCause(failure).toString(), MAX_REASON);
        if (failure instanceof Exception ex && RabbitUtils.exclusiveAccesssRefused(ex)) {
            log.warn("Somebody else alone may consume from {}, trying again: {}", queues, reason);
        } else {
            log.warn("No connection to the broker, trying again: {}", reason);
        }
    }

    private boolean mayBeSaid() {
        long now = System.nanoTime();
        if (!pause.isZero() && now - saidAt < pause.toNanos()) {
            return false;
        }
        saidAt = now;
        Duration longer = pause.isZero() ? FIRST_PAUSE : pause.multipliedBy(2);
        pause = longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
        return true;
    }
}
