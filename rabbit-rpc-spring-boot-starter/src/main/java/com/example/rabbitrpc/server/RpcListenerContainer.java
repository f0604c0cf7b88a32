package com.example.rabbitrpc.server;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.rabbit.connection.ChannelProxy;
import org.springframework.amqp.rabbit.listener.DirectMessageListenerContainer;

/**
 * Spring's direct container, changed in four places.
 *
 * <ul>
 *   <li>It finishes its work when it stops: no more requests come, fetched ones go back to the queue at once, and those that are
 *       computed are answered. Spring's own stop logs each fetched message with a stack trace, or, if forced, waits for its whole
 *       timeout when idle.
 *   <li>{@link RequestQueues} declares a deleted queue again, and uses an existing one as it is.
 *   <li>Each run of the monitor sends the acknowledgements that wait.
 *   <li>{@link RequestQueues} and {@link StallWatch} close a connection on which a consumer does not start in time, or which
 *       delivers no more of the requests that wait.
 * </ul>
 */
public final class RpcListenerContainer extends DirectMessageListenerContainer {

    /** The class's own name is Spring's logger for it, and is off, with all below it. */
    private static final Logger log =
            LoggerFactory.getLogger(RpcListenerContainer.class.getPackageName() + ".RpcListenerMonitor");

    private static final Duration FINISH_TIMEOUT = Duration.ofSeconds(20);

    /** For those that are tried on another connection first. */
    private static final Duration REPLIES_TIMEOUT = Duration.ofSeconds(2);

    private volatile int wanted = 1;
    private volatile boolean stopping;
    private volatile boolean paused;

    /** All of these from {@link #serve} on. */
    private @Nullable Workers workers;

    private @Nullable Acknowledgements acknowledgements;
    private @Nullable RequestQueues queues;
    private @Nullable StallWatch stallWatch;
    private @Nullable ReplyRight replyRight;

    RpcListenerContainer() {}

    void serve(
            Workers workers,
            Acknowledgements acknowledgements,
            RequestQueues queues,
            StallWatch stallWatch,
            ReplyRight replyRight) {
        this.replyRight = replyRight;
        this.workers = workers;
        this.acknowledgements = acknowledgements;
        this.queues = queues;
        this.stallWatch = stallWatch;
    }

    @Override
    public void setConsumersPerQueue(int consumersPerQueue) {
        wanted = consumersPerQueue;
        super.setConsumersPerQueue(consumersPerQueue);
    }

    /** Whether all consumers are there and each has an open channel. */
    public boolean isConsuming() {
        try {
            // Spring holds the lock as long as it tries to connect.
            if (!consumersLock.tryLock(100, TimeUnit.MILLISECONDS)) {
                return false;
            }
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            return false;
        }
        try {
            return isActive()
                    && !stopping
                    && !paused
                    && consumers.size() == wanted * getQueueNames().length
                    && consumers.stream()
                            .allMatch(consumer -> consumer.getChannel().isOpen());
        } finally {
            consumersLock.unlock();
        }
    }

    /** The name of a queue that is a stream, which is none for requests; null where there is none. */
    public @Nullable String stream() {
        return queues().stream();
    }

    @Override
    protected void doStart() {
        stopping = false;
        workers().resume();
        super.doStart();
    }

    @Override
    public void stop(Runnable callback) {
        // The stop without a callback keeps the container running until its consumers are done.
        getTaskExecutor().execute(() -> {
            try {
                stop();
            } finally {
                callback.run();
            }
        });
    }

    @Override
    protected void doStop() {
        stopping = true;
        cancel();
        workers().stop();
        workers().finish(FINISH_TIMEOUT);
        acknowledgements().awaitDone(REPLIES_TIMEOUT);
        acknowledgements().flush();
        super.doStop();
    }

    /** Consumes nothing while replies are refused, and begins again by channels that are new. */
    private boolean pauses(boolean refused) {
        if (refused) {
            paused = true;
            workers().stop();
            cancel();
            consumerChannels().forEach(acknowledgements()::giveBackAll);
        } else if (paused) {
            workers().resume();
            consumerChannels().forEach(RpcListenerContainer::abort);
            paused = false;
        }
        return refused;
    }

    private List<Channel> consumerChannels() {
        consumersLock.lock();
        try {
            return consumers.stream()
                    .map(consumer -> target(consumer.getChannel()))
                    .toList();
        } finally {
            consumersLock.unlock();
        }
    }

    private static void abort(Channel channel) {
        try {
            channel.abort();
        } catch (IOException | RuntimeException ex) {
            log.debug("Lost with its connection", ex);
        }
    }

    /** The broker sends nothing more then. The channels stay, for replies and acknowledgements. */
    private void cancel() {
        consumersLock.lock();
        try {
            for (SimpleConsumer consumer : consumers) {
                Channel channel = target(consumer.getChannel());
                if (acknowledgements().isCancelled(channel)) {
                    continue;
                }
                try {
                    // Channel.basicCancel would have the consumer close the channel.
                    channel.rpc(new AMQP.Basic.Cancel.Builder()
                            .consumerTag(consumer.getConsumerTag())
                            .build());
                    acknowledgements().cancelled(channel);
                } catch (IOException | RuntimeException ex) {
                    log.debug("Lost with its channel", ex);
                }
            }
        } finally {
            consumersLock.unlock();
        }
    }

    /** Spring's proxy opens another channel when this one is lost, where our delivery tags mean nothing. */
    static Channel target(Channel channel) {
        return channel instanceof ChannelProxy proxy ? proxy.getTargetChannel() : channel;
    }

    @Override
    public void destroy() {
        super.destroy();
        if (workers != null) {
            workers.shutdown();
        }
    }

    @Override
    protected void redeclareElementsIfNecessary() {
        queues().declareAgain();
    }

    @Override
    protected void processMonitorTask() {
        try {
            acknowledgements().flush();
            replyRight().look();
            if (isActive() && !stopping && !pauses(replyRight().isRefused())) {
                boolean consuming = isConsuming();
                queues().consuming(consuming);
                stallWatch().look(consuming);
            }
        } catch (Throwable ex) {
            // Without this thread nothing is acknowledged any more, and no lost consumer comes back.
            log.error("Watching over a listener failed, and goes on", ex);
        }
    }

    private Workers workers() {
        return Objects.requireNonNull(workers);
    }

    private Acknowledgements acknowledgements() {
        return Objects.requireNonNull(acknowledgements);
    }

    private RequestQueues queues() {
        return Objects.requireNonNull(queues);
    }

    private ReplyRight replyRight() {
        return Objects.requireNonNull(replyRight);
    }

    private StallWatch stallWatch() {
        return Objects.requireNonNull(stallWatch);
    }
}
