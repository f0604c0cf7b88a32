package com.example.rabbitrpc.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.example.rabbitrpc.NoServerException;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.Return;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.AmqpResourceNotAvailableException;
import org.springframework.amqp.AmqpTimeoutException;
import org.springframework.amqp.core.Address;
import org.springframework.amqp.core.AmqpMessageReturnedException;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessagePostProcessor;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.core.ReturnedMessage;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.amqp.rabbit.connection.CorrelationData;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.support.converter.MessageConversionException;
import org.springframework.amqp.support.converter.MessageConverter;
import org.springframework.amqp.support.converter.SmartMessageConverter;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.ParameterizedTypeReference;

/**
 * A {@link RabbitTemplate} whose calls share one direct reply-to channel and end by their deadline. All other methods are Spring's.
 *
 * <p>Each of {@code sendAndReceive}, {@code convertSendAndReceive} and {@code convertSendAndReceiveAsType} ends in one of these
 * ways:
 *
 * <ul>
 *   <li>with its reply;
 *   <li>with null at its deadline, which is the request's {@code expiration} in ms, else the reply timeout;
 *   <li>with {@link NoServerException}, when no queue takes the request, or nobody has consumed from its queue for a second;
 *   <li>with an {@link RpcException} of {@link RpcStatus#UNAVAILABLE}, when there is no connection, it is lost while the call waits,
 *       or the broker blocks publishers. Spring's own exception is its cause;
 *   <li>with one of {@link RpcStatus#RESOURCE_EXHAUSTED}, when the maximum number of calls wait already;
 *   <li>with one of the reply's status, when the reply is a failure;
 *   <li>with one of {@link RpcStatus#INTERNAL}, when the reply cannot be read.
 * </ul>
 *
 * <p>It connects at the first call, or at the start if {@link #watchFromTheStart} names a queue.
 */
public class RpcTemplate extends RabbitTemplate implements SmartLifecycle {

    private static final int LONGEST_NAME = 255;
    private static final long LONGEST_WAIT_MS = TimeUnit.DAYS.toMillis(1);
    private static final long DEFAULT_REPLY_TIMEOUT_MS = 5_000;

    /** Tokens to begin with, so that a first call can be sent again, too. */
    private static final int FIRST_RESENDS = 10;

    /** Is told how each call ended. */
    @FunctionalInterface
    public interface CallListener {

        /**
         * A call has ended.
         *
         * @param target the queue, or the exchange if that was not the default one
         * @param outcome ok, invalid-argument, out-of-range, deadline-exceeded, overloaded, broker-unavailable, no-server or
         *     server-error
         * @param nanos from the wait for a slot to the end
         */
        void ended(String target, String outcome, long nanos);
    }

    private final Map<String, PendingCall> pending = new ConcurrentHashMap<>();
    private final EndedCalls ended = new EndedCalls();
    private final Map<EndedCalls.Reply, LongAdder> unclaimed = new EnumMap<>(EndedCalls.Reply.class);
    private final LongAdder hedged = new LongAdder();
    private final LongAdder resent = new LongAdder();
    private final Slots slots;
    private final RetryBudget budget;
    private final long hedgeAfterNanos;
    private final CallTimer timer = new CallTimer(pending::isEmpty, this::endWhatIsDue);
    private final ReplyChannel channel;
    private final QueueWatch watch;
    private volatile @Nullable ConnectionFactory callConnections;
    private volatile @Nullable Nodes nodes;
    private volatile long replyTimeout = DEFAULT_REPLY_TIMEOUT_MS;
    private volatile @Nullable MessageConverter callConverter;
    private volatile @Nullable CallTracing tracing;
    private volatile @Nullable CallListener listener;
    private volatile boolean running;
    private volatile boolean opened;

    /**
     * How many calls there may be, and how often a request may be sent.
     *
     * @param maxInFlight calls that may wait for a reply at once
     * @param maxWaiting threads that may wait for a slot at once
     * @param hedgeAfter when to send a request without a reply once more; zero for never
     * @param resendShare how many requests may be sent once more, after that time or a lost connection, as a share of all
     */
    public record Limits(int maxInFlight, int maxWaiting, Duration hedgeAfter, double resendShare) {}

    /**
     * A template without a connection factory yet.
     *
     * @param limits of its calls
     */
    @SuppressWarnings("this-escape")
    public RpcTemplate(Limits limits) {
        this(
                limits,
                new RetryBudget(
                        limits.resendShare(), limits.resendShare() == 0 ? 0 : FIRST_RESENDS, limits.maxInFlight()));
    }

    @SuppressWarnings("this-escape") // nothing of it is used before it is complete
    RpcTemplate(Limits limits, RetryBudget budget) {
        this.hedgeAfterNanos = limits.hedgeAfter().isZero()
                ? Long.MAX_VALUE
                : limits.hedgeAfter().toNanos();
        this.slots = new Slots(limits.maxInFlight(), limits.maxWaiting());
        this.budget = budget;
        this.channel = new ReplyChannel(this);
        this.watch = new QueueWatch(this);
        for (EndedCalls.Reply kind : EndedCalls.Reply.values()) {
            unclaimed.put(kind, new LongAdder());
        }
    }

    /** Sets the connections of calls, if they are not those of the other methods. */
    public void setCallConnectionFactory(ConnectionFactory connectionFactory) {
        this.callConnections = connectionFactory;
    }

    ConnectionFactory callConnectionFactory() {
        ConnectionFactory own = callConnections;
        return own == null ? getConnectionFactory() : own;
    }

    /** Sets the nodes that the calls' connections go to, where there are several: calls leave one that is cut off from the others. */
    public void setNodes(Nodes nodes) {
        this.nodes = nodes;
    }

    @Nullable
    Nodes nodes() {
        return nodes;
    }

    /** Sets what makes a span for each call. */
    public void setTracing(CallTracing tracing) {
        this.tracing = tracing;
    }

    /** Sets what is told how each call ended, such as metrics. */
    public void setCallListener(CallListener listener) {
        this.listener = listener;
    }

    /** Sets the converter of calls. Plain sends and receives keep Spring's. */
    public void setCallConverter(SmartMessageConverter converter) {
        this.callConverter = converter;
    }

    /** Sets the converter of all methods, calls included. */
    @Override
    public void setMessageConverter(MessageConverter converter) {
        super.setMessageConverter(converter);
        this.callConverter = null;
    }

    private MessageConverter callConverter() {
        MessageConverter ofCalls = callConverter;
        return ofCalls == null ? getMessageConverter() : ofCalls;
    }

    /** Refuses zero and less, which would mean a wait without end. */
    @Override
    public void setReplyTimeout(long replyTimeout) {
        if (replyTimeout <= 0) {
            throw new IllegalArgumentException("A reply timeout is 1 ms or more, and not " + replyTimeout);
        }
        super.setReplyTimeout(replyTimeout);
        this.replyTimeout = replyTimeout;
    }

    @Override
    protected @Nullable Message doSendAndReceive(
            @Nullable String exchange,
            @Nullable String routingKey,
            Message request,
            @Nullable CorrelationData correlationData) {
        return call(exchange, routingKey, request, correlationData, reply -> reply);
    }

    @Override
    public @Nullable Object convertSendAndReceive(
            @Nullable String exchange,
            @Nullable String routingKey,
            Object message,
            @Nullable MessagePostProcessor processor,
            @Nullable CorrelationData correlationData) {
        Message request = request(exchange, routingKey, message, processor, correlationData);
        return call(exchange, routingKey, request, correlationData, callConverter()::fromMessage);
    }

    @Override
    @SuppressWarnings("unchecked") // the converter gives what it is asked for
    public <T> @Nullable T convertSendAndReceiveAsType(
            @Nullable String exchange,
            @Nullable String routingKey,
            Object message,
            @Nullable MessagePostProcessor processor,
            @Nullable CorrelationData correlationData,
            ParameterizedTypeReference<T> responseType) {
        if (!(callConverter() instanceof SmartMessageConverter converter)) {
            throw new IllegalStateException("A typed reply takes a SmartMessageConverter, which this is not: "
                    + getMessageConverter().getClass().getName());
        }
        Message request = request(exchange, routingKey, message, processor, correlationData);
        return (T) call(
                exchange, routingKey, request, correlationData, reply -> converter.fromMessage(reply, responseType));
    }

    private Message request(
            @Nullable String exchange,
            @Nullable String routingKey,
            Object message,
            @Nullable MessagePostProcessor processor,
            @Nullable CorrelationData correlationData) {
        Message request =
                message instanceof Message given ? given : callConverter().toMessage(message, new MessageProperties());
        return processor == null
                ? request
                : processor.postProcessMessage(
                        request, correlationData, nullSafeExchange(exchange), nullSafeRoutingKey(routingKey));
    }

    private <T> @Nullable T call(
            @Nullable String givenExchange,
            @Nullable String givenRoutingKey,
            Message request,
            @Nullable CorrelationData correlationData,
            Function<Message, T> reader) {
        long start = System.nanoTime();
        String exchange = nullSafeExchange(givenExchange);
        String routingKey = nullSafeRoutingKey(givenRoutingKey);
        requireShort(exchange);
        requireShort(routingKey);
        String target = exchange.isEmpty() ? routingKey : exchange;
        // Random, as a reply address may be known to others: the id is what keeps a call's reply its own.
        String correlationId = UUID.randomUUID().toString();
        MessageProperties properties = request.getMessageProperties();
        properties.setCorrelationId(correlationId);
        properties.setReplyTo(Address.AMQ_RABBITMQ_REPLY_TO);
        CallTracing spans = tracing;
        CallTracing.Trace trace = spans == null ? null : spans.begin(target, correlationId, properties);
        long deadline = start + TimeUnit.MILLISECONDS.toNanos(timeoutOf(properties));
        PendingCall call = new PendingCall(
                exchange,
                routingKey,
                request,
                correlationData,
                trace,
                deadline,
                hedgeAfterNanos == Long.MAX_VALUE ? deadline : start + hedgeAfterNanos);
        RuntimeException failure = null;
        boolean answered = false;
        try {
            Message reply = inSlot(call);
            answered = reply != null;
            return reply == null ? null : read(reply, reader);
        } catch (RuntimeException ex) {
            failure = ex;
            throw ex;
        } finally {
            String outcome = failure == null && answered ? "ok" : outcome(failure);
            CallListener told = listener;
            if (told != null) {
                told.ended(target, outcome, System.nanoTime() - start);
            }
            if (trace != null) {
                trace.end(outcome, answered || failure != null ? failure : noReply());
            }
        }
    }

    /** AMQP has a byte for the length of a name. */
    private static void requireShort(String name) {
        if (name.length() > LONGEST_NAME / 3 && name.getBytes(UTF_8).length > LONGEST_NAME) {
            throw new IllegalArgumentException("The name of a queue or an exchange has 255 bytes at most");
        }
    }

    private static <T> @Nullable T read(Message reply, Function<Message, T> reader) {
        ReplyStatus.requireOk(reply);
        try {
            return reader.apply(reply);
        } catch (MessageConversionException ex) {
            throw Failures.unreadable(ex);
        }
    }

    private static RpcException noReply() {
        return new RpcException(RpcStatus.DEADLINE_EXCEEDED, "No reply before the deadline.");
    }

    private static String outcome(@Nullable RuntimeException failure) {
        if (failure == null) {
            return "deadline-exceeded";
        }
        if (!(failure instanceof RpcException known)) {
            return "server-error";
        }
        return switch (known.status()) {
            case INVALID_ARGUMENT, OUT_OF_RANGE, DEADLINE_EXCEEDED ->
                known.status().name().toLowerCase(Locale.ROOT).replace('_', '-');
            case RESOURCE_EXHAUSTED -> "overloaded";
            case UNAVAILABLE -> known instanceof NoServerException ? "no-server" : "broker-unavailable";
            case OK, INTERNAL -> "server-error";
        };
    }

    private @Nullable Message inSlot(PendingCall call) {
        if (!slots.acquire(call.millisLeft())) {
            throw new RpcException(
                    RpcStatus.RESOURCE_EXHAUSTED, slots.limit() + " calls are in flight, as many as there may be.");
        }
        try {
            return exchange(call.request(), call);
        } finally {
            slots.release();
        }
    }

    /**
     * Sends a request and waits for its reply, with any status; null at the deadline. A test may replace it.
     *
     * @param call what this template knows about the call
     */
    protected @Nullable Message exchange(Message request, Object call) {
        return exchange((PendingCall) call);
    }

    private @Nullable Message exchange(PendingCall call) {
        open();
        boolean isWatched = call.exchange().isEmpty() && watch.called(call.routingKey());
        if (isWatched && watch.nobodyConsumes(call.routingKey())) {
            throw Failures.noServer(null);
        }
        if (call.millisLeft() <= 0) {
            return null;
        }
        String correlationId =
                Objects.requireNonNull(call.request().getMessageProperties().getCorrelationId());
        pending.put(correlationId, call);
        try {
            timer.wake();
            budget.earn();
            channel.publish(call);
            Delivery reply = call.await();
            return reply == null ? null : toMessage(reply);
        } finally {
            call.end();
            EndedCalls.Call remembered = call.ended();
            if (remembered != null) {
                ended.add(correlationId, remembered);
            }
            pending.remove(correlationId);
            channel.withdraw(call);
        }
    }

    private long timeoutOf(MessageProperties properties) {
        String expiration = properties.getExpiration();
        if (expiration == null) {
            // Whoever waits no longer need not be answered: the broker drops it then.
            properties.setExpiration(Long.toString(Math.min(replyTimeout, LONGEST_WAIT_MS)));
            return replyTimeout;
        }
        try {
            return Math.min(Long.parseLong(expiration), LONGEST_WAIT_MS);
        } catch (NumberFormatException ex) {
            throw new IllegalArgumentException(
                    "A request's expiration is a number of milliseconds, and not " + LogText.line(expiration), ex);
        }
    }

    private Message toMessage(Delivery reply) {
        Message message =
                new Message(reply.getBody(), ReplyPropertiesConverter.toMessageProperties(reply.getProperties()));
        if (getAfterReceivePostProcessors() != null) {
            for (MessagePostProcessor processor : getAfterReceivePostProcessors()) {
                message = processor.postProcessMessage(message);
            }
        }
        return message;
    }

    /** At each look of the timer. */
    private void endWhatIsDue(long now) {
        for (PendingCall call : pending.values()) {
            if (call.isDue(now)) {
                expire(call);
            } else if (call.hedgeIsDue(now)
                    && !(call.exchange().isEmpty() && watch.isAbsent(call.routingKey()))) { // nobody would get it
                call.hedgeTried();
                if (channel.hedge(call)) {
                    hedged.increment();
                }
            }
        }
    }

    /** A call whose time is over: what there was no connection for has another reason than that nobody has answered. */
    private void expire(PendingCall call) {
        String blocked = channel.blockedBecause();
        if (blocked != null) {
            call.fail(blocked(blocked));
        } else if (call.isUnsent() && !channel.isOpen()) {
            call.fail(Failures.notConnected(new AmqpTimeoutException("No connection to the broker in time")));
        } else {
            call.expire();
            channel.expired(call);
        }
    }

    /** Whether a call waits that was sent before that time, by {@link System#nanoTime()}. */
    boolean waitsSinceBefore(long time) {
        return pending.values().stream().anyMatch(call -> call.wasSentBefore(time));
    }

    static RpcException blocked(String reason) {
        return Failures.unavailable(
                "The broker takes no requests at the moment.",
                new AmqpResourceNotAvailableException("The broker takes no messages: " + reason));
    }

    /** Publishes on the shared channel; called by its one thread only. */
    void send(Channel target, PendingCall call) {
        doSend(target, call.exchange(), call.routingKey(), call.request(), false, call.correlationData());
    }

    /** Always mandatory on the shared channel, without the header that the template's own flag adds. */
    @Override
    protected void sendToRabbit(
            Channel target, String exchange, String routingKey, boolean mandatory, Message message) {
        super.sendToRabbit(target, exchange, routingKey, mandatory || channel.owns(target), message);
    }

    /** A call has its span already. Another one, on the channel's own thread, would begin a trace of its own and send that. */
    @Override
    protected void observeTheSend(
            Channel target, Message message, boolean mandatory, String exchange, String routingKey) {
        if (channel.owns(target)) {
            sendToRabbit(target, exchange, routingKey, mandatory, message);
        } else {
            super.observeTheSend(target, message, mandatory, exchange, routingKey);
        }
    }

    void received(Delivery delivery) {
        String correlationId = delivery.getProperties().getCorrelationId();
        PendingCall call = find(correlationId);
        if (call == null || !call.complete(delivery)) {
            recordUnclaimed(call == null ? ended.find(correlationId) : call.ended());
        }
    }

    private void recordUnclaimed(EndedCalls.@Nullable Call call) {
        EndedCalls.Reply kind = call == null ? EndedCalls.Reply.UNKNOWN : call.next();
        count(kind).increment();
        CallTracing.Trace trace = call == null ? null : call.trace();
        if (trace != null) {
            trace.unclaimed(kind.tag());
        }
    }

    private LongAdder count(EndedCalls.Reply kind) {
        return Objects.requireNonNull(unclaimed.get(kind));
    }

    void returned(Return returned) {
        PendingCall call = find(returned.getProperties().getCorrelationId());
        if (call != null) {
            call.returned(Failures.noServer(new AmqpMessageReturnedException(
                    "No queue took the request",
                    new ReturnedMessage(
                            call.request(),
                            returned.getReplyCode(),
                            returned.getReplyText(),
                            returned.getExchange(),
                            returned.getRoutingKey()))));
        }
    }

    private @Nullable PendingCall find(@Nullable String correlationId) {
        return correlationId == null ? null : pending.get(correlationId);
    }

    /** Ends the wait of every call at once. */
    void failPending(Supplier<RpcException> failure) {
        pending.values().forEach(call -> call.fail(failure.get()));
    }

    /** Ends the wait of those who called that queue. */
    void failCallsTo(String queue) {
        forEachPending(call -> {
            if (call.exchange().isEmpty() && call.routingKey().equals(queue)) {
                call.fail(Failures.noServer(null));
            }
        });
    }

    /** For every call that waits. */
    void forEachPending(Consumer<PendingCall> action) {
        pending.values().forEach(action);
    }

    /** Sends a call once more whose connection was lost with it, or fails it. */
    void lost(PendingCall call, Exception cause) {
        if (channel.publishAgain(call, "connection-lost")) {
            resent.increment();
        } else {
            call.fail(Failures.connectionLost(cause));
        }
    }

    RetryBudget budget() {
        return budget;
    }

    /** Whether the broker answers, as its calls know it. */
    public BrokerState broker() {
        return channel.state();
    }

    /** What is known about the queues that are called. */
    public QueueWatch watch() {
        return watch;
    }

    ReplyChannel channel() {
        return channel;
    }

    /** Calls that wait now. */
    int pending() {
        return pending.size();
    }

    /** Calls that have a slot. */
    public int inFlight() {
        return slots.taken();
    }

    /** The number of slots. */
    public int maxInFlight() {
        return slots.limit();
    }

    /** Requests so far that were sent once more as no reply had come. */
    long hedged() {
        return hedged.sum();
    }

    /** Requests so far that were sent once more as their connection was lost. */
    long resent() {
        return resent.sum();
    }

    /** Replies of that kind so far, for which no call waited. */
    long unclaimed(EndedCalls.Reply kind) {
        return count(kind).sum();
    }

    /** At the first call: connects, and watches. */
    private void open() {
        if (!opened) {
            synchronized (this) {
                if (!running) {
                    throw Failures.unavailable(
                            "The application is stopping.", new AmqpResourceNotAvailableException("Not running"));
                }
                timer.start();
                channel.start();
                watch.start();
                opened = true;
            }
        }
    }

    /** The threads that all calls depend on: begins one again that has ended, whatever ended it. */
    void keepAlive() {
        synchronized (this) {
            if (opened) {
                timer.start();
                channel.start();
            }
        }
    }

    /** Connects when this template starts, and watches these queues as long as it runs. */
    public void watchFromTheStart(Iterable<String> queues) {
        queues.forEach(watch::keep);
    }

    @Override
    protected void doStart() {
        running = true;
        if (watch.hasKept()) {
            open();
        }
    }

    @Override
    protected void doStop() {
        synchronized (this) {
            running = false;
            opened = false;
        }
        watch.stop();
        channel.stop();
        timer.stop();
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** It starts before the web server, and stops after the web server has answered what it accepted. */
    @Override
    public int getPhase() {
        return 0;
    }
}
