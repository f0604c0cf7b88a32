package com.example.rabbitrpc.client;

import java.io.IOException;
import java.net.InetSocketAddress;
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

/**
 * Asks the broker ten times a second about each queue that is called. The answers say whether anybody consumes. It asks less and
 * less often for a queue that is missing, or that the broker refuses to describe: each such answer closes a channel and
 * writes a line into the broker's log. Calls to a missing queue need no watch: the broker returns them at once.
 *
 * <p>It asks the node that calls go to. While that one knows of no consumer, other nodes of the cluster are asked, too: if those do, the
 * calls' node is cut off from them, and calls leave it.
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

    static final long PERIOD_MS = 100;
    private static final int MOST_QUEUES = 100;

    private final RpcTemplate template;
    private final Map<String, WatchedQueue> queues = new ConcurrentHashMap<>();
    private final QueueReader here;
    private final QueueReader elsewhere;
    private volatile @Nullable ScheduledExecutorService scheduler;
    private volatile Consumer<Set<String>> changed = names -> {};

    private @Nullable String lastWarning;
    private @Nullable InetSocketAddress asked;

    QueueWatch(RpcTemplate template) {
        this.template = template;
        this.here = new QueueReader(() -> Objects.requireNonNull(
                template.callConnectionFactory().createConnection().getDelegate()));
        this.elsewhere =
                new QueueReader(() -> Objects.requireNonNull(template.nodes()).elsewhere());
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
        WatchedQueue queue = queues.get(name);
        return queue == null || here.isOverdue() ? null : queue.reading();
    }

    /** The broker's text when it refuses to answer; null if it does not refuse. */
    public @Nullable String refusal(String name) {
        WatchedQueue queue = queues.get(name);
        return queue == null || here.isOverdue() ? null : queue.refusal();
    }

    /** A call goes to that queue. Whether it is watched: there is a limit. */
    boolean called(String name) {
        WatchedQueue queue = queues.get(name);
        if (queue == null) {
            if (queues.size() >= MOST_QUEUES) {
                return false;
            }
            queue = add(name, false);
        }
        queue.called();
        return true;
    }

    /** Watches it for as long as it runs. */
    void keep(String name) {
        add(name, true);
    }

    boolean hasKept() {
        return queues.values().stream().anyMatch(WatchedQueue::isKept);
    }

    private WatchedQueue add(String name, boolean kept) {
        WatchedQueue queue = queues.computeIfAbsent(name, absent -> new WatchedQueue(absent, kept));
        changed.accept(queues());
        return queue;
    }

    /** Whether the broker has said for some time that nobody consumes: a call cannot be answered then. */
    boolean nobodyConsumes(String name) {
        WatchedQueue queue = queues.get(name);
        return queue != null && queue.nobodyConsumes();
    }

    /** Whether the broker has said now that nobody consumes. */
    boolean isAbsent(String name) {
        WatchedQueue queue = queues.get(name);
        return queue != null && queue.isAbsent() && !here.isOverdue();
    }

    private void ask() {
        try {
            template.keepAlive();
            forgetTheIdle();
            if (!template.channel().isOpen()) {
                queues.values().forEach(WatchedQueue::unknown);
                return;
            }
            for (WatchedQueue queue : queues.values()) {
                if (queue.isDue()) {
                    ask(queue);
                }
            }
        } catch (Throwable ex) { // what gets past here ends the schedule, and leaves old readings behind
            Failures.report("The watch of queues", ex);
        }
    }

    private void ask(WatchedQueue queue) {
        if (!isConnected()) {
            return;
        }
        try {
            queue.answered(here.read(queue.name()));
            if (queue.isAbandoned()) {
                template.failCallsTo(queue.name());
            }
        } catch (QueueReader.RefusedException ex) {
            queue.refused(String.valueOf(ex.getMessage()));
            warn(String.valueOf(ex.getMessage()));
        } catch (Exception | Error ex) {
            log.debug("The broker did not answer", ex);
            queues.values().forEach(WatchedQueue::unknown);
            here.abandon();
        }
    }

    private boolean isConnected() {
        followTheCalls();
        if (here.isOpen()) {
            return true;
        }
        if (here.isPausing()) {
            return false;
        }
        try {
            here.open();
            return true;
        } catch (Exception | Error ex) {
            queues.values().forEach(WatchedQueue::unknown);
            if (template.channel().state() == BrokerState.UP) { // or it is told already
                warn(Failures.why(ex));
            }
            return false;
        }
    }

    /** To another node, once for each change. */
    private void followTheCalls() {
        Nodes nodes = template.nodes();
        InetSocketAddress now = nodes == null ? null : nodes.current();
        if (!Objects.equals(now, asked)) {
            asked = now;
            queues.values().forEach(WatchedQueue::unknown);
            here.abandon();
        }
    }

    private void warn(String text) {
        if (!text.equals(lastWarning)) {
            lastWarning = text;
            log.warn("The broker does not tell who consumes, so calls may wait for nobody: {}", LogText.line(text));
        }
    }

    /** On a thread of its own: another node may be down, and take its time. */
    private void compare() {
        try {
            InetSocketAddress calls = Objects.requireNonNull(template.nodes()).current();
            if (calls != null) {
                compare(calls);
            }
        } catch (Exception | Error ex) {
            log.debug("No other node answers", ex);
            elsewhere.giveUp();
        } finally {
            if (scheduler == null) { // stopped meanwhile
                elsewhere.abandon();
            }
        }
    }

    private void compare(InetSocketAddress calls) throws Exception {
        if (!template.channel().mayLeaveNode()) {
            elsewhere.abandon();
            return;
        }
        if (calls.equals(elsewhere.node())) {
            elsewhere.abandon();
        }
        boolean isSilent = template.channel().isSilent();
        boolean isNeeded = isSilent;
        if (isSilent && isConnectedElsewhere() && template.channel().isSilent()) { // still: connecting takes its time
            leave(calls, "has answered no call for some time");
            return;
        }
        boolean isDenied = false;
        for (WatchedQueue queue : queues.values()) {
            isNeeded |= queue.isAbsent();
            // What the watch has seen elsewhere, where the calls' node refuses it, says nothing of that node.
            if (calls.equals(here.node()) && queue.isToBeCompared() && isConnectedElsewhere()) {
                isDenied |= isServedElsewhere(queue, calls);
            }
        }
        // The next answers are a third node's, if there is one: the one that was asked may be the one cut off.
        if (isDenied || !isNeeded) {
            elsewhere.abandon();
        }
    }

    private boolean isConnectedElsewhere() throws Exception {
        if (!elsewhere.isOpen() && !elsewhere.isPausing()) {
            elsewhere.open();
        }
        return elsewhere.isOpen();
    }

    private boolean isServedElsewhere(WatchedQueue queue, InetSocketAddress calls) throws IOException {
        Reading there = elsewhere.read(queue.name());
        if (!there.exists()) {
            elsewhere.giveUp(); // Each such answer closes a channel, and is a line in that broker's log.
        }
        if (queue.isServedElsewhere(there.consumers())
                && queue.isAbsent()
                && template.channel().mayLeaveNode()) {
            leave(calls, "knows of no consumer of " + LogText.line(queue.name()) + " that others know of");
        }
        return there.consumers() > 0;
    }

    private void leave(InetSocketAddress calls, String why) {
        InetSocketAddress other = elsewhere.node();
        if (other != null) {
            template.channel().leaveNode(calls, other, why);
        }
    }

    private void forgetTheIdle() {
        if (queues.values().removeIf(WatchedQueue::isForgotten)) {
            changed.accept(queues());
        }
    }

    synchronized void start() {
        if (scheduler == null) {
            scheduler = Executors.newScheduledThreadPool(2, task -> {
                Thread thread = new Thread(task, "rpc-queue-watch");
                thread.setDaemon(true);
                return thread;
            });
            var unused = scheduler.scheduleWithFixedDelay(this::ask, 0, PERIOD_MS, TimeUnit.MILLISECONDS);
            if (template.nodes() != null) {
                unused = scheduler.scheduleWithFixedDelay(this::compare, PERIOD_MS, PERIOD_MS, TimeUnit.MILLISECONDS);
            }
        }
    }

    synchronized void stop() {
        if (scheduler != null) {
            scheduler.execute(elsewhere::abandon);
            scheduler.shutdown();
            scheduler = null;
        }
    }
}
