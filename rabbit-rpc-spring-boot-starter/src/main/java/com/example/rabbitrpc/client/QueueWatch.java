package com.example.rabbitrpc.client;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.rabbit.connection.Connection;

/**
 * Asks the broker ten times a second about each queue that is called. The answers say whether anybody consumes. It asks less and
 * less often for a queue that is missing, or that the broker refuses to describe: each such answer closes a channel and
 * writes a line into the broker's log. Calls to a missing queue need no watch: the broker returns them at once.
 */
public final class QueueWatch {

    private static final Logger log = LoggerFactory.getLogger(QueueWatch.class);

    /**
     * What the broker said of a queue.
     *
     * @param exists whether there is such a queue
     * @param consumers how many consumers it has; 0 without a queue
     * @param depth how many of its messages are ready; 0 without a queue
     */
    public record Reading(boolean exists, int consumers, int depth) {

        static final Reading NO_QUEUE = new Reading(false, 0, 0);
    }

    private static final int MOST_QUEUES = 100;
    private static final long PERIOD_MS = 100;
    private static final long ROUND_TRIP_MS = 1_000;
    /** With the period and a round trip it makes about the second after which a call need not wait for a consumer. */
    private static final long ABSENT_MS = 850;

    private static final long LONGEST_PAUSE_MISSING_MS = 1_500;
    private static final long LONGEST_PAUSE_REFUSED_MS = 5_000;
    private static final long FORGOTTEN_MS = 60_000;
    private static final long NOTED_MS = 1_000;

    private final RpcTemplate template;
    private final Map<String, Queue> queues = new ConcurrentHashMap<>();
    private volatile @Nullable ScheduledExecutorService scheduler;
    private volatile Consumer<Set<String>> changed = names -> {};
    private volatile long askedAt = System.nanoTime();
    private volatile boolean asking;

    private @Nullable Connection connection;
    private @Nullable Channel channel;
    private @Nullable String lastWarning;
    private long connectAt = System.nanoTime();
    private long connectPause = PERIOD_MS;

    QueueWatch(RpcTemplate template) {
        this.template = template;
    }

    /** The names of the queues that are watched. */
    public Set<String> queues() {
        return new TreeSet<>(queues.keySet());
    }

    /** Calls the listener with the names of the watched queues, now and at each change. */
    public void onChange(Consumer<Set<String>> listener) {
        changed = listener;
        listener.accept(queues());
    }

    /** The last reading; null while the broker cannot be reached, refuses to answer, or has not answered for a second. */
    public @Nullable Reading reading(String name) {
        Queue queue = queues.get(name);
        return queue == null || isOverdue() ? null : queue.reading;
    }

    /** The broker's text when it refuses to answer; null if it does not refuse. */
    public @Nullable String refusal(String name) {
        Queue queue = queues.get(name);
        return queue == null || isOverdue() ? null : queue.refusal;
    }

    private boolean isOverdue() {
        return asking && millisSince(askedAt) > ROUND_TRIP_MS;
    }

    /** A call goes to that queue. Whether it is watched: there is a limit. */
    boolean called(String name) {
        Queue queue = queues.get(name);
        if (queue == null) {
            if (queues.size() >= MOST_QUEUES) {
                return false;
            }
            queue = add(name, false);
        }
        long now = System.nanoTime();
        if (now - queue.calledAt > TimeUnit.MILLISECONDS.toNanos(NOTED_MS)) {
            queue.calledAt = now;
        }
        return true;
    }

    /** Watches it for as long as it runs. */
    void keep(String name) {
        add(name, true);
    }

    boolean hasKept() {
        return queues.values().stream().anyMatch(queue -> queue.kept);
    }

    private Queue add(String name, boolean kept) {
        Queue queue = queues.computeIfAbsent(name, absent -> new Queue(absent, kept));
        changed.accept(queues());
        return queue;
    }

    /** Whether the broker has said for some time that nobody consumes: a call cannot be answered then. */
    boolean nobodyConsumes(String name) {
        Queue queue = queues.get(name);
        return queue != null && queue.nobodyConsumes();
    }

    private void ask() {
        try {
            template.keepAlive();
            forgetTheIdle();
            if (!template.channel().isOpen()) {
                queues.values().forEach(Queue::unknown);
                return;
            }
            for (Queue queue : queues.values()) {
                if (System.nanoTime() - queue.askAt >= 0) {
                    ask(queue);
                }
            }
        } catch (Throwable ex) { // what gets past here ends the schedule, and leaves old readings behind
            Failures.report("The watch of queues", ex);
        }
    }

    private void ask(Queue queue) {
        if (!connected()) {
            return;
        }
        askedAt = System.nanoTime();
        asking = true;
        try {
            queue.answered(read(queue.name));
            if (queue.isAbandoned()) {
                template.failCallsTo(queue.name);
            }
        } catch (RefusedException ex) {
            queue.refused(String.valueOf(ex.getMessage()));
            warn(String.valueOf(ex.getMessage()));
        } catch (Exception | Error ex) {
            log.debug("The broker did not answer", ex);
            queues.values().forEach(Queue::unknown);
            abandonConnection();
        } finally {
            asking = false;
        }
    }

    private Reading read(String name) throws IOException {
        try {
            AMQP.Queue.DeclareOk answer = Objects.requireNonNull(channel).queueDeclarePassive(name);
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

    /** Whether there is a channel to ask on. Where the broker refuses one, it is asked for more and more seldom. */
    private boolean connected() {
        Channel current = channel;
        if (current != null && current.isOpen()) {
            return true;
        }
        if (System.nanoTime() - connectAt < 0) {
            return false;
        }
        askedAt = System.nanoTime();
        asking = true;
        try {
            Connection open = connection;
            if (open == null || !open.isOpen()) {
                open = template.callConnectionFactory().createConnection();
                connection = open;
            }
            Channel opened = Objects.requireNonNull(open.getDelegate()).createChannel();
            if (opened == null) {
                throw new RefusedException(
                        "The connection has no channel left: raise channel_max, or the user's limit of channels");
            }
            channel = opened;
            connectPause = PERIOD_MS;
            return true;
        } catch (Exception | Error ex) {
            connectAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(connectPause);
            connectPause = Math.min(2 * connectPause, LONGEST_PAUSE_REFUSED_MS);
            queues.values().forEach(Queue::unknown);
            if (template.channel().state() == BrokerState.UP) { // or it is told already
                warn(Failures.why(ex));
            }
            return false;
        } finally {
            asking = false;
        }
    }

    private void warn(String text) {
        if (!text.equals(lastWarning)) {
            lastWarning = text;
            log.warn("The broker does not tell who consumes, so calls may wait for nobody: {}", LogText.line(text));
        }
    }

    /** A channel whose answer is overdue cannot be used again, nor closed in time: its connection goes with it. */
    private void abandonConnection() {
        Connection current = connection;
        channel = null;
        connection = null;
        com.rabbitmq.client.Connection delegate = current == null ? null : current.getDelegate();
        if (delegate != null && delegate.isOpen()) {
            delegate.abort((int) ROUND_TRIP_MS);
        }
    }

    private void forgetTheIdle() {
        if (queues.values().removeIf(queue -> !queue.kept && millisSince(queue.calledAt) > FORGOTTEN_MS)) {
            changed.accept(queues());
        }
    }

    private static long millisSince(long nanoTime) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanoTime);
    }

    synchronized void start() {
        if (scheduler == null) {
            scheduler = Executors.newSingleThreadScheduledExecutor(task -> {
                Thread thread = new Thread(task, "rpc-queue-watch");
                thread.setDaemon(true);
                return thread;
            });
            var unused = scheduler.scheduleWithFixedDelay(this::ask, 0, PERIOD_MS, TimeUnit.MILLISECONDS);
        }
    }

    synchronized void stop() {
        if (scheduler != null) {
            scheduler.shutdownNow();
            scheduler = null;
        }
    }

    /** What is known of one queue. */
    private static final class Queue {

        private final String name;
        private final boolean kept;
        private volatile long calledAt = System.nanoTime();
        private volatile long askAt = System.nanoTime();
        private volatile @Nullable Reading reading;
        private volatile @Nullable String refusal;
        /** Since when no answer has named a consumer, by {@link System#nanoTime()}; null while one is there or unknown. */
        private volatile @Nullable Long absentSince;

        private long pauseMs = PERIOD_MS;

        Queue(String name, boolean kept) {
            this.name = name;
            this.kept = kept;
        }

        void answered(Reading answer) {
            reading = answer;
            refusal = null;
            if (answer.consumers() > 0) {
                absentSince = null;
            } else if (absentSince == null) {
                absentSince = System.nanoTime();
            }
            askAgain(answer.exists() ? 0 : LONGEST_PAUSE_MISSING_MS);
        }

        /** An answer too, so the connection is kept. */
        void refused(String text) {
            refusal = text;
            reading = null;
            absentSince = null;
            askAgain(LONGEST_PAUSE_REFUSED_MS);
        }

        private void askAgain(long longestPause) {
            pauseMs = longestPause == 0 ? 0 : Math.min(Math.max(2 * pauseMs, PERIOD_MS), longestPause);
            askAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pauseMs);
        }

        void unknown() {
            refusal = null;
            reading = null;
            absentSince = null;
        }

        boolean nobodyConsumes() {
            Reading last = reading;
            return last != null && last.exists() && isAbandoned();
        }

        boolean isAbandoned() {
            Long since = absentSince;
            return since != null && millisSince(since) > ABSENT_MS;
        }
    }

    /** The broker closed the channel over the question. */
    private static final class RefusedException extends IOException {

        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }
}
