package com.example.fib.server;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.rabbit.listener.AsyncConsumerStartedEvent;
import org.springframework.amqp.rabbit.listener.ListenerContainerConsumerFailedEvent;
import org.springframework.amqp.rabbit.listener.ListenerContainerConsumerTerminatedEvent;
import org.springframework.amqp.rabbit.listener.MissingQueueEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.stereotype.Component;

/** What an operator reads when the broker goes and comes: a line for each change and each try. */
@Component
class ConnectionLog {

    private static final Logger log = LoggerFactory.getLogger(ConnectionLog.class);

    private static final int MAX_REASON = 200;

    private final AtomicBoolean consuming = new AtomicBoolean();

    @EventListener
    void onStarted(AsyncConsumerStartedEvent event) {
        if (event.getSource() instanceof RpcListenerContainer container
                && container.isConsuming()
                && !consuming.getAndSet(true)) {
            log.info("Consuming requests");
        }
    }

    @EventListener
    void onTerminated(ListenerContainerConsumerTerminatedEvent event) {
        if (consuming.getAndSet(false)) {
            log.warn("Lost the broker or the queue, no longer consuming");
        }
    }

    @EventListener
    void onFailed(ListenerContainerConsumerFailedEvent event) {
        log.warn("No connection to the broker, trying again: {}", LogText.quote(reason(event), MAX_REASON));
    }

    /** What is behind it: an expired certificate says more than a failed handshake. */
    private static String reason(ListenerContainerConsumerFailedEvent event) {
        Throwable failure = event.getThrowable();
        return failure == null
                ? String.valueOf(event.getReason())
                : NestedExceptionUtils.getMostSpecificCause(failure).toString();
    }

    @EventListener
    void onMissing(MissingQueueEvent event) {
        log.warn("Queue {} is missing, declaring it again", event.getQueue());
    }
}
