package com.example.rabbitrpc.client;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.PossibleAuthenticationFailureException;
import com.rabbitmq.client.Return;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.AmqpIOException;
import org.springframework.amqp.AmqpResourceNotAvailableException;
import org.springframework.amqp.AmqpTimeoutException;
import org.springframework.amqp.core.Address;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.rabbit.connection.Connection;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.amqp.rabbit.support.RabbitExceptionTranslator;

/**
 * The one channel of an {@link RpcTemplate}, and the one thread that opens it, publishes on it, and opens it again when it is lost.
 * Callers only put a request into a queue and wait, so whatever a broker does to a connection, a handshake or a write that hangs,
 * holds up this thread and no caller.
 *
 * <p>While a first attempt to connect is under way, calls wait for it. Once an attempt has failed they are refused at once, until
 * one succeeds.
 *
 * <p>Twice a second it publishes a probe that no queue takes and the broker sends back. That tells whether the broker answers, and
 * has a broker say so that blocks its publishers: it only says so to a connection that publishes.
 */
final class ReplyChannel {

    private static final Logger log = LoggerFactory.getLogger(ReplyChannel.class);
    private static final long IDLE_CHECK_MS = 100;
    private static final long FIRST_PAUSE_MS = 100;
    private static final long LONGEST_PAUSE_MS = 1_000;
    /** Where a broker answers, and refuses: a limit, or a password. It would log each attempt. */
    private static final long LONGEST_PAUSE_REFUSED_MS = 5_000;

    private static final long STOP_MS = 5_000;
    private static final int ABORT_MS = 1_000;
    private static final int FIRST_ANSWERS = 2;
    private static final long PROBE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long ANSWERS_NANOS = TimeUnit.MILLISECONDS.toNanos(1_500);
    /** Longer than heartbeats need to end a connection that is silent: this is for one whose threads are gone. */
    private static final long DEAD_NANOS = TimeUnit.SECONDS.toNanos(15);

    private final RpcTemplate template;
    private final String probe = "rpc-probe-" + UUID.randomUUID();
    private final Semaphore heard = new Semaphore(0);
    private final Unanswered unanswered = new Unanswered(System.nanoTime());
    // Not bounded by itself: it holds no more calls than there are callers waiting, since each takes out its own.
    private final BlockingQueue<PendingCall> outbox = new LinkedBlockingQueue<>();
    private volatile @Nullable Channel channel;
    private volatile @Nullable String blockedBecause;
    private volatile @Nullable Exception unreachable;
    private volatile @Nullable Thread thread;
    private volatile long answeredAt = System.nanoTime();
    private volatile boolean leaving;
    private volatile CountDownLatch stopped = new CountDownLatch(1);
    private @Nullable Connection connection;
    private long probedAt;

    ReplyChannel(RpcTemplate template) {
        this.template = template;
    }

    /** Takes a call to be published as soon as there is a channel. Throws at once where that cannot be. */
    void publish(PendingCall call) {
        String blocked = blockedBecause;
        if (blocked != null) {
            throw RpcTemplate.blocked(blocked);
        }
        enqueue(call);
        // Checked after the call can be seen: whoever sets it fails the calls that wait at that time.
        Exception failure = unreachable;
        if (failure != null) {
            throw Failures.notConnected(failure);
        }
    }

    /** Sends a call that has no reply yet once more, to reach another server. Whether it will be sent. */
    boolean hedge(PendingCall call) {
        return call.isSent() && publishAgain(call, "hedge");
    }

    /** Sends a call once more, where it was sent once only and the budget allows. Whether it will be sent. */
    boolean publishAgain(PendingCall call, String reason) {
        if (!call.isWaiting()
                || call.wasSentAgain()
                || isBlocked()
                || !template.budget().spend()) {
            return false;
        }
        call.markSentAgain(reason);
        enqueue(call);
        return true;
    }

    private void enqueue(PendingCall call) {
        call.queued(true);
        outbox.add(call);
    }

    void withdraw(PendingCall call) {
        if (call.isQueued()) {
            outbox.remove(call);
        }
    }

    boolean isOpen() {
        Channel current = channel;
        return current != null && current.isOpen();
    }

    boolean isBlocked() {
        return blockedBecause != null;
    }

    @Nullable
    String blockedBecause() {
        return blockedBecause;
    }

    BrokerState state() {
        Thread publisher = thread;
        if (publisher == null) {
            return BrokerState.UNUSED;
        }
        if (!publisher.isAlive()) {
            return BrokerState.DOWN;
        }
        if (isBlocked()) { // Also of a connection that is new: its channel is used from the first answers on.
            return BrokerState.BLOCKED;
        }
        return !isOpen() || System.nanoTime() - answeredAt > ANSWERS_NANOS ? BrokerState.DOWN : BrokerState.UP;
    }

    /** Calls that are not yet published. */
    int queued() {
        return outbox.size();
    }

    boolean owns(Channel other) {
        return channel == other;
    }

    synchronized void start() {
        Thread current = thread;
        if (current == null || !current.isAlive()) {
            stopped = new CountDownLatch(1);
            Thread publisher = new Thread(this::run, "rpc-publisher");
            publisher.setDaemon(true);
            publisher.start();
            thread = publisher;
        }
    }

    synchronized void stop() {
        Thread publisher = thread;
        if (publisher != null) {
            stopped.countDown();
            publisher.interrupt();
            try {
                publisher.join(STOP_MS);
            } catch (InterruptedException ex) {
                Thread.currentThread().interrupt();
            }
            thread = null;
            template.failPending(() -> Failures.unavailable(
                    "The application is stopping.", new AmqpResourceNotAvailableException("Stopping")));
        }
    }

    private void run() {
        long pause = FIRST_PAUSE_MS;
        while (!isStopped()) {
            try {
                Channel opened = open();
                connected();
                pause = FIRST_PAUSE_MS;
                publishUntilClosed(opened);
                pause(FIRST_PAUSE_MS);
            } catch (InterruptedException ex) {
                if (!isStopped()) {
                    giveUp(); // by whom, and why, nobody knows: begin anew
                }
            } catch (Throwable ex) { // an Error, too: all calls depend on this thread
                try {
                    if (!isAboutTheChannel(ex)) {
                        giveUp();
                    }
                    refuseCalls(ex instanceof Exception known ? known : new IllegalStateException(ex));
                } catch (Throwable again) {
                    Failures.report("The publisher of calls", again);
                }
                pause(pause);
                pause = Math.min(2 * pause, isRefusal(ex) ? LONGEST_PAUSE_REFUSED_MS : LONGEST_PAUSE_MS);
            }
        }
    }

    /** Whether the connection as such is well, and may be somebody else's, too. */
    private static boolean isAboutTheChannel(Throwable failure) {
        if (failure instanceof AmqpResourceNotAvailableException) {
            return true;
        }
        return failure.getCause() instanceof ShutdownSignalException signal && !signal.isHardError();
    }

    /** Whether the broker has answered, and does not want this connection. */
    private static boolean isRefusal(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof PossibleAuthenticationFailureException) {
                return true;
            }
            if (cause instanceof ShutdownSignalException signal
                    && signal.getReason() instanceof AMQP.Connection.Close) {
                return true;
            }
        }
        return false;
    }

    private Channel open() throws IOException, InterruptedException {
        Connection current = connection;
        if (current == null || !current.isOpen()) {
            ConnectionFactory factory = template.callConnectionFactory();
            // A connection of its own: an alarm blocks the connections that publish, and only those.
            ConnectionFactory publishers = factory.getPublisherConnectionFactory();
            current = (publishers == null ? factory : publishers).createConnection();
            connection = current;
            blockedBecause = null;
            Objects.requireNonNull(current.getDelegate()).addBlockedListener(this::blocked, this::unblocked);
            Nodes nodes = template.nodes();
            leaving = false;
            if (nodes != null) {
                nodes.use(current.getDelegate());
            }
        }
        Channel opened = Objects.requireNonNull(current.getDelegate()).createChannel();
        if (opened == null) {
            throw new AmqpResourceNotAvailableException(
                    "The connection has no channel left: raise channel_max, or the user's limit of channels");
        }
        opened.addShutdownListener(cause -> lost(opened, cause));
        opened.addReturnListener(this::returned);
        opened.basicConsume(Address.AMQ_RABBITMQ_REPLY_TO, true, (tag, delivery) -> received(delivery), tag -> {});
        // An alarm that is on by now is known before the first call is sent, which would wait for its deadline.
        answeredAt = System.nanoTime();
        // The broker takes one message and blocks the connection then, so only the answer to a second one says that
        // there is none.
        heard.drainPermits();
        probe(opened);
        probe(opened);
        if (!heard.tryAcquire(FIRST_ANSWERS, DEAD_NANOS, TimeUnit.NANOSECONDS)) {
            throw new AmqpTimeoutException("The broker lets a connection be opened and answers nothing on it");
        }
        unanswered.begin();
        channel = opened;
        return opened;
    }

    private void returned(Return returned) {
        if (probe.equals(returned.getRoutingKey())) {
            answeredAt = System.nanoTime();
            heard.release();
        } else {
            template.returned(returned);
        }
    }

    private void publishUntilClosed(Channel opened) throws InterruptedException, IOException {
        // A connection that was given up is closed by a thread of its own: until then the channel says that it is open.
        while (connection != null && opened.isOpen()) {
            if (leaving) {
                giveUp();
                return;
            }
            PendingCall call = outbox.poll(IDLE_CHECK_MS, TimeUnit.MILLISECONDS);
            if (call != null) {
                call.queued(false);
                if (call.isWaiting()) {
                    publish(opened, call);
                }
            }
            if (!isBlocked()) {
                ask(opened);
            }
        }
    }

    private void received(Delivery delivery) {
        unanswered.replied();
        template.received(delivery);
    }

    /** That call's time is over. */
    void expired(PendingCall call) {
        Channel current = channel;
        Long sentAt = current == null ? null : call.sentAt(current);
        if (sentAt != null) {
            unanswered.expired(sentAt);
        }
    }

    /** Whether calls have had no reply for some time. Not while one waits that was sent before: it may take its time. */
    boolean isSilent() {
        return unanswered.isSilent() && !template.waitsSinceBefore(unanswered.since());
    }

    /** Whether calls may leave their node. Not soon after they have left another one: this one may be no worse. */
    boolean mayLeaveNode() {
        return unanswered.mayLeave();
    }

    /** Has calls go to that other node, those that wait included. */
    void leaveNode(InetSocketAddress from, InetSocketAddress to, String why) {
        Nodes nodes = template.nodes();
        if (nodes != null && from.equals(nodes.current())) {
            log.warn("Calls leave the node at {} for the one at {}, as it {}", from, to, why);
            unanswered.left();
            nodes.leave(from, to);
            leaving = true;
        }
    }

    private void ask(Channel opened) throws IOException {
        long now = System.nanoTime();
        if (now - answeredAt > DEAD_NANOS) {
            log.warn("The connection to the broker says nothing and does not end; it is given up");
            giveUp();
        } else if (now - probedAt > PROBE_NANOS) {
            probe(opened);
        }
    }

    private void probe(Channel opened) throws IOException {
        probedAt = System.nanoTime();
        try {
            opened.basicPublish("", probe, true, new BasicProperties(), new byte[0]);
        } catch (AlreadyClosedException ex) {
            log.debug("Closed before a probe", ex); // which the loop sees
        }
    }

    private void publish(Channel opened, PendingCall call) {
        MessageProperties properties = call.request().getMessageProperties();
        properties.setExpiration(Long.toString(Math.max(0, call.millisLeft())));
        CallTracing.Trace trace = call.trace();
        if (trace != null) {
            trace.describe(properties);
        }
        call.sending();
        String blocked = blockedBecause;
        if (blocked != null) { // Since it was queued: whoever fails what is unsent may have passed it by.
            call.unsent();
            call.fail(RpcTemplate.blocked(blocked));
            return;
        }
        try {
            template.send(opened, call);
            call.sent(opened);
        } catch (AlreadyClosedException ex) {
            // Nothing was sent: it is the next channel's.
            call.unsent();
            if (call.isWaiting()) {
                enqueue(call);
            }
            return;
        } catch (AmqpIOException ex) {
            // Sent or not, in part or in whole: the same as lost after it was sent.
            call.unsent();
            giveUp();
            template.lost(call, ex);
            return;
        } catch (RuntimeException ex) {
            // It cannot be encoded, and nothing of it was written.
            call.unsent();
            call.fail(RabbitExceptionTranslator.convertRabbitAccessException(ex));
            return;
        } catch (Error ex) {
            call.unsent();
            giveUp();
            template.lost(call, new IllegalStateException(ex));
            Failures.report("The publisher of calls", ex); // Thrown on, it would refuse the call that is sent again.
            return;
        }
        if (!opened.isOpen()) {
            // Lost while it was written: whoever looked for lost calls may have passed it by.
            loseIfSentOn(opened, call, Objects.requireNonNull(opened.getCloseReason()));
        }
    }

    /** Calls that were published are sent again or fail; those still to be published wait for the next channel. */
    private void lost(Channel lost, ShutdownSignalException cause) {
        if (cause.isHardError()) {
            blockedBecause = null;
        }
        heard.release(FIRST_ANSWERS);
        template.forEachPending(call -> loseIfSentOn(lost, call, cause));
    }

    private void loseIfSentOn(Channel lost, PendingCall call, ShutdownSignalException cause) {
        if (call.lose(lost)) {
            template.lost(call, cause);
        }
    }

    /** Ends a connection that is of no use: what waits on it is told by its end. */
    private void giveUp() {
        Connection current = connection;
        connection = null;
        com.rabbitmq.client.Connection delegate = current == null ? null : current.getDelegate();
        if (delegate != null) {
            delegate.abort(ABORT_MS);
        }
    }

    private void blocked(String reason) {
        blockedBecause = reason;
        log.warn("The broker takes no requests, calls are refused: {}", LogText.line(reason));
        template.forEachPending(call -> {
            if (call.isUnsent()) {
                call.fail(RpcTemplate.blocked(reason));
            }
        });
        heard.release(FIRST_ANSWERS); // At last: until then nothing is published, and what waits is still unsent.
    }

    private void unblocked() {
        answeredAt = System.nanoTime();
        blockedBecause = null;
        log.info("The broker takes requests again");
    }

    private void connected() {
        if (unreachable != null) {
            log.info("Connected to the broker again");
        }
        unreachable = null;
    }

    private void refuseCalls(Exception cause) {
        boolean isNews = unreachable == null;
        unreachable = cause;
        template.failPending(() -> Failures.notConnected(cause));
        if (isNews) {
            log.warn("Cannot connect to the broker, calls are refused until it is back: {}", Failures.why(cause));
        }
    }

    private boolean isStopped() {
        return stopped.getCount() == 0;
    }

    /** Waits for a random time of up to the given one, so that many processes do not come back all at once. */
    private void pause(long millis) {
        try {
            stopped.await(ThreadLocalRandom.current().nextLong(millis / 2, millis + 1), TimeUnit.MILLISECONDS);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }
}
