package com.example.fib.gateway;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.rabbit.connection.Connection;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Asks the broker ten times a second about the request queue, and knows from its answers, or from there being none,
 * whether the broker answers and whether anybody consumes.
 */
@Component
final class QueueWatch implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(QueueWatch.class);

    /** What the broker said of the queue: consumers and messages that are ready; both 0 where there is no queue. */
    record Reading(boolean exists, int consumers, int depth) {

        static final Reading NO_QUEUE = new Reading(false, 0, 0);
    }

    private static final long PERIOD_MS = 100;
    private static final long ROUND_TRIP_MS = 1_000;
    /** With the period and a round trip it makes about the second after which a call need not wait for a consumer. */
    private static final long ABSENT_MS = 850;

    private final ConnectionFactory connectionFactory;
    private final String queue;
    private final SharedReplyTemplate template;
    private volatile @Nullable ScheduledExecutorService scheduler;
    private volatile @Nullable Reading reading;
    private volatile @Nullable String refusal;
    private volatile long askedAt = System.nanoTime();
    private volatile boolean asking;
    /** Since when no answer has named a consumer, by {@link System#nanoTime()}; null while one is there or unknown. */
    private volatile @Nullable Long absentSince;

    private @Nullable Channel channel;
    private @Nullable String lastWarning;

    QueueWatch(ConnectionFactory connectionFactory, GatewaySettings settings, SharedReplyTemplate template) {
        this.connectionFactory = connectionFactory;
        this.queue = settings.queue().name();
        this.template = template;
    }

    /** The last reading; null while the broker cannot be reached or has not answered for a second. */
    @Nullable
    Reading reading() {
        return isOverdue() ? null : reading;
    }

    /** What the broker says instead of a reading, where it answers and tells nothing of the queue. */
    @Nullable
    String refusal() {
        return isOverdue() ? null : refusal;
    }

    private boolean isOverdue() {
        return asking && millisSince(askedAt) > ROUND_TRIP_MS;
    }

    /** Whether the broker has said for some time that nobody consumes: a call cannot be answered then. */
    boolean nobodyConsumes() {
        Long since = absentSince;
        return since != null && millisSince(since) > ABSENT_MS;
    }

    private void ask() {
        if (!template.channel().isOpen()) {
            unknown();
            return;
        }
        askedAt = System.nanoTime();
        asking = true;
        try {
            answered(read());
        } catch (RefusedException ex) {
            refused(String.valueOf(ex.getMessage()));
        } catch (Exception | Error ex) { // what gets past here ends the schedule, and leaves an old reading behind
            log.debug("The broker did not answer", ex);
            unknown();
            abandonConnection();
        } finally {
            asking = false;
        }
    }

    private Reading read() throws IOException {
        try {
            AMQP.Queue.DeclareOk answer = openChannel().queueDeclarePassive(queue);
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
        }
    }

    private Channel openChannel() throws IOException {
        Channel current = channel;
        if (current == null || !current.isOpen()) {
            Connection connection = connectionFactory.createConnection();
            current = Objects.requireNonNull(connection.getDelegate()).createChannel();
            channel = Objects.requireNonNull(current, "The connection has no channel left");
        }
        return current;
    }

    private void answered(Reading answer) {
        reading = answer;
        refusal = null;
        if (answer.consumers() > 0) {
            absentSince = null;
        } else if (absentSince == null) {
            absentSince = System.nanoTime();
        }
        if (nobodyConsumes()) {
            template.failPending(NoConsumersException::new);
        }
    }

    /** An answer too, so the connection, which calls share, is kept. */
    private void refused(String text) {
        refusal = text;
        reading = null;
        absentSince = null;
        if (!text.equals(lastWarning)) {
            lastWarning = text;
            log.warn("The broker does not tell who consumes, so calls may wait for nobody: {}", LogText.line(text));
        }
    }

    private void unknown() {
        refusal = null;
        reading = null;
        absentSince = null;
    }

    /** A channel whose answer is overdue cannot be used again, nor closed in time: its connection goes with it. */
    private void abandonConnection() {
        Channel current = channel;
        channel = null;
        if (current != null && current.getConnection().isOpen()) {
            current.getConnection().abort((int) ROUND_TRIP_MS);
        }
    }

    private static long millisSince(long nanoTime) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanoTime);
    }

    @Override
    public synchronized void start() {
        if (scheduler == null) {
            scheduler = Executors.newSingleThreadScheduledExecutor(task -> {
                Thread thread = new Thread(task, "queue-watch");
                thread.setDaemon(true);
                return thread;
            });
            var unused = scheduler.scheduleWithFixedDelay(this::ask, 0, PERIOD_MS, TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public synchronized void stop() {
        if (scheduler != null) {
            scheduler.shutdownNow();
            scheduler = null;
        }
    }

    @Override
    public boolean isRunning() {
        return scheduler != null;
    }

    /** Together with the template that it watches for. */
    @Override
    public int getPhase() {
        return template.getPhase();
    }

    /** The broker closed the channel over the question. */
    private static final class RefusedException extends IOException {

        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }
}
