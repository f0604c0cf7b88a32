package com.example.fib.gateway;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.Return;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.AmqpConnectException;
import org.springframework.amqp.AmqpException;
import org.springframework.amqp.core.Address;
import org.springframework.amqp.core.AmqpMessageReturnedException;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessagePostProcessor;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.core.ReturnedMessage;
import org.springframework.amqp.rabbit.connection.CorrelationData;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.support.converter.MessageConversionException;
import org.springframework.context.SmartLifecycle;

/**
 * A {@link RabbitTemplate} whose calls share one direct reply-to channel.
 *
 * <p>All of {@code sendAndReceive} and {@code convertSendAndReceive} goes through {@link #doSendAndReceive}: there a call
 * is given a correlation id of its own, handed to the {@link ReplyChannel}, and waited for. A wait ends in one of five
 * ways, and leaves nothing behind in any of them:
 *
 * <ul>
 *   <li>with its reply;
 *   <li>with null, when the call's time is up. That time is the request's {@code expiration} in ms, else the reply
 *       timeout;
 *   <li>with {@link AmqpMessageReturnedException}, when no queue takes the request;
 *   <li>with {@link AmqpConnectException}, when there is no connection, or it is lost while the
 *       call waits;
 *   <li>with {@link org.springframework.amqp.AmqpResourceNotAvailableException}, when the broker blocks publishers.
 * </ul>
 *
 * <p>Spring's own direct reply-to takes a channel for each call in flight, sleeps through a lost connection and is not
 * bounded while it connects; docs/decisions/0003-shared-reply-channel.md has the measurements.
 */
class SharedReplyTemplate extends RabbitTemplate implements SmartLifecycle {

    private static final long DEFAULT_REPLY_TIMEOUT = 5_000;

    private final Map<String, PendingCall> pending = new ConcurrentHashMap<>();
    private final EndedCalls ended = new EndedCalls();
    private final Map<EndedCalls.Reply, LongAdder> unclaimed = new EnumMap<>(EndedCalls.Reply.class);
    private final LongAdder hedged = new LongAdder();
    private final LongAdder resent = new LongAdder();
    private final RetryBudget budget;
    private final long hedgeAfterNanos;
    private final ReplyChannel channel;
    private volatile long replyTimeout = DEFAULT_REPLY_TIMEOUT;
    private volatile CallTracing tracing = CallTracing.NONE;

    /**
     * @param hedgeAfter when to send a request once more that has not been answered yet; zero for never
     * @param budget how many requests may be sent once more, for that or because their connection was lost
     */
    SharedReplyTemplate(Duration hedgeAfter, RetryBudget budget) {
        this.hedgeAfterNanos = hedgeAfter.isZero() ? Long.MAX_VALUE : hedgeAfter.toNanos();
        this.budget = budget;
        this.channel = new ReplyChannel(this, budget);
        for (EndedCalls.Reply kind : EndedCalls.Reply.values()) {
            unclaimed.put(kind, new LongAdder());
        }
    }

    @Override
    protected @Nullable Message doSendAndReceive(
            @Nullable String exchange,
            @Nullable String routingKey,
            Message request,
            @Nullable CorrelationData correlationData) {
        // Random, as a reply address may be known to others: the id is what keeps a call's reply its own.
        String correlationId = UUID.randomUUID().toString();
        MessageProperties properties = request.getMessageProperties();
        properties.setCorrelationId(correlationId);
        properties.setReplyTo(Address.AMQ_RABBITMQ_REPLY_TO);
        PendingCall call = new PendingCall(
                nullSafeExchange(exchange),
                nullSafeRoutingKey(routingKey),
                request,
                correlationData,
                tracing.current(correlationId),
                timeoutOf(properties));
        pending.put(correlationId, call);
        try {
            budget.earn();
            channel.publish(call);
            Delivery reply = call.await(hedgeAfterNanos);
            if (reply == null && call.millisLeft() > 0) {
                // The first reply wins; the other is nobody's.
                if (channel.publishAgain(call, "hedge")) {
                    hedged.increment();
                }
                reply = call.await(Long.MAX_VALUE);
            }
            if (reply == null) {
                channel.requirePublished(call);
                replyTimedOut(correlationId);
                return null;
            }
            return toMessage(reply);
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

    private Duration timeoutOf(MessageProperties properties) {
        String expiration = properties.getExpiration();
        return Duration.ofMillis(expiration == null ? replyTimeout : Long.parseLong(expiration));
    }

    private Message toMessage(Delivery reply) {
        try {
            MessageProperties properties = getMessagePropertiesConverter()
                    .toMessageProperties(reply.getProperties(), reply.getEnvelope(), getEncoding());
            Message message = new Message(reply.getBody(), properties);
            if (getAfterReceivePostProcessors() != null) {
                for (MessagePostProcessor processor : getAfterReceivePostProcessors()) {
                    message = processor.postProcessMessage(message);
                }
            }
            return message;
        } catch (IllegalArgumentException ex) {
            throw new MessageConversionException("The reply's properties cannot be read", ex);
        }
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
        String traceparent = call == null ? null : call.traceparent();
        if (traceparent != null) {
            tracing.unclaimed(traceparent, kind.tag());
        }
    }

    private LongAdder count(EndedCalls.Reply kind) {
        return Objects.requireNonNull(unclaimed.get(kind));
    }

    void returned(Return returned) {
        PendingCall call = find(returned.getProperties().getCorrelationId());
        if (call != null) {
            call.fail(new AmqpMessageReturnedException(
                    "No queue took the request",
                    new ReturnedMessage(
                            call.request(),
                            returned.getReplyCode(),
                            returned.getReplyText(),
                            returned.getExchange(),
                            returned.getRoutingKey())));
        }
    }

    private @Nullable PendingCall find(@Nullable String correlationId) {
        return correlationId == null ? null : pending.get(correlationId);
    }

    /** Ends the wait of every call at once. */
    void failPending(Supplier<AmqpException> failure) {
        pending.values().forEach(call -> call.fail(failure.get()));
    }

    /** For every call that waits. */
    void forEachPending(Consumer<PendingCall> action) {
        pending.values().forEach(action);
    }

    /** The channel that carries requests and replies, for those who report on it. */
    ReplyChannel channel() {
        return channel;
    }

    /** Fails a call whose connection was lost, unless it can be sent once more. */
    void connectionLost(PendingCall call, Exception cause) {
        if (call.isPublished()) {
            boolean again = channel.publishAgain(call, "connection-lost");
            call.published(false);
            if (again) {
                resent.increment();
            } else {
                call.fail(new AmqpConnectException("Connection lost while waiting", cause));
            }
        }
    }

    /** Calls that wait now. */
    int pending() {
        return pending.size();
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

    CallTracing tracing() {
        return tracing;
    }

    void setTracing(CallTracing tracing) {
        this.tracing = tracing;
    }

    @Override
    public void setReplyTimeout(long replyTimeout) {
        super.setReplyTimeout(replyTimeout);
        this.replyTimeout = replyTimeout;
    }

    @Override
    protected void doStart() {
        channel.start();
    }

    @Override
    protected void doStop() {
        channel.stop();
    }

    @Override
    public boolean isRunning() {
        return channel.isRunning();
    }

    /** Before the web server starts, and after it has answered what it accepted. */
    @Override
    public int getPhase() {
        return 0;
    }
}
