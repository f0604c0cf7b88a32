package com.example.rabbitrpc.server;

import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcHeaders;
import com.example.rabbitrpc.RpcStatus;
import com.rabbitmq.client.Channel;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;

/**
 * Answers requests, each on one of the {@link Workers}, or where it was read if it is short. Every message gets one reply,
 * published before its acknowledgement, or is rejected for good with one line in the log where no reply can be sent. Nothing is requeued here
 * but by a stop, and no message makes this throw.
 */
final class RequestHandler {

    private static final Logger log = LoggerFactory.getLogger(RequestHandler.class);

    /** What a request asks for, and what it may do with it. */
    interface Function {

        /** The listener's result. */
        @Nullable
        Object apply(Message request) throws Exception;
    }

    private final Workers workers;
    private final ReplyAddresses addresses;
    private final Function function;
    private final ReplyWriter writer;
    private final Acknowledgements acknowledgements;
    private final RpcServer server;

    RequestHandler(
            Workers workers,
            ReplyAddresses addresses,
            Function function,
            ReplyWriter writer,
            Acknowledgements acknowledgements,
            RpcServer server) {
        this.workers = workers;
        this.addresses = addresses;
        this.function = function;
        this.writer = writer;
        this.acknowledgements = acknowledgements;
        this.server = server;
    }

    void onRequest(Message message, Channel proxy) {
        Channel channel = RpcListenerContainer.target(proxy);
        if (acknowledgements.delivered(channel, message.getMessageProperties().getDeliveryTag())) {
            channel.addShutdownListener(server.replyRight()::closed);
        }
        Request request = new Request(message, channel, System.nanoTime());
        try {
            if (server.isShort(message) && !workers.isStopping()) {
                request.run();
            } else {
                workers.execute(request);
            }
        } catch (Throwable ex) {
            request.fail(
                    ex); // Spring would end the process over an Error, and leave the request unsettled over the rest.
        }
    }

    /** One delivery. */
    private final class Request implements Workers.Task, ReplyPublisher.Sender {

        private final Message message;
        private final MessageProperties properties;
        private final Channel channel;
        private final long receivedAt;

        Request(Message message, Channel channel, long receivedAt) {
            this.message = message;
            this.properties = message.getMessageProperties();
            this.channel = channel;
            this.receivedAt = receivedAt;
        }

        @Override
        public void run() {
            if (!channel.isOpen()) {
                return; // The broker delivers it again, here or elsewhere.
            }
            try {
                server.tracing().run(properties, this::process);
            } catch (Throwable ex) {
                fail(ex); // Not the function's: that is answered. Whatever it is, the next request needs this thread.
            }
        }

        private void fail(Throwable ex) {
            log.error("A request was dropped, as this server failed", ex);
            acknowledgements.reject(channel, properties.getDeliveryTag());
        }

        @Override
        public void giveBack() {
            acknowledgements.giveBack(channel, properties.getDeliveryTag());
        }

        private void process() {
            String objection = addresses.objection(properties);
            if (objection == null) {
                server.replies().publish(answer(), properties, channel, this);
            } else {
                drop(objection);
            }
        }

        @Override
        public void sent() {
            try {
                acknowledgements.ack(channel, properties.getDeliveryTag());
            } catch (IOException | RuntimeException ex) {
                failed(ex);
            }
        }

        @Override
        public void refused() {
            drop("a reply_to that the broker does not survive");
        }

        @Override
        public void failed(Exception ex) {
            if (channel.isOpen()) {
                log.error("A reply could not be written, correlation_id {}", correlationId(), ex);
                acknowledgements.reject(channel, properties.getDeliveryTag());
            } else {
                log.warn("Connection lost before a request was answered; the broker delivers it again");
            }
        }

        private String correlationId() {
            return LogText.quote(properties.getCorrelationId());
        }

        private void drop(String objection) {
            server.metrics().dropped(queue());
            server.tracing().failed("dropped", null);
            log.warn(
                    "Dropped a request with {}: reply_to {}, correlation_id {}",
                    objection,
                    LogText.quote(properties.getReplyTo()),
                    correlationId());
            acknowledgements.reject(channel, properties.getDeliveryTag());
        }

        private Reply answer() {
            long start = System.nanoTime();
            Reply reply = reply(start);
            server.metrics().answered(queue(), reply.status(), Duration.ofNanos(System.nanoTime() - start));
            return reply;
        }

        private Reply reply(long start) {
            try {
                checkDeadline(start);
                Object result = function.apply(message);
                return writer.write(result, Duration.ofNanos(System.nanoTime() - start));
            } catch (RpcException ex) {
                if (ex.status() == RpcStatus.INTERNAL) {
                    logFailure(ex);
                }
                server.tracing().failed(ex.status().name(), ex);
                return Reply.failure(ex.status(), ex.detail());
            } catch (Throwable ex) {
                // An error too is this request's: a deep stack, or too much memory, which is free again by now.
                logFailure(ex);
                server.tracing().failed(RpcStatus.INTERNAL.name(), ex);
                return Reply.failure(RpcStatus.INTERNAL, "The server failed to compute the answer.");
            }
        }

        private void logFailure(Throwable ex) {
            log.error("Computing failed, correlation_id {}, queue {}", correlationId(), queue(), ex);
        }

        private void checkDeadline(long now) {
            Object deadline = properties.getHeaders().get(RpcHeaders.DEADLINE);
            if (deadline != null) {
                if (!(deadline instanceof Long
                        || deadline instanceof Integer
                        || deadline instanceof Short
                        || deadline instanceof Byte)) {
                    throw new RpcException(
                            RpcStatus.INVALID_ARGUMENT,
                            "The header x-deadline must be an integer: milliseconds since the epoch.");
                }
                if (((Number) deadline).longValue() < System.currentTimeMillis()) {
                    throw late();
                }
            }
            // The broker counts it while the request is in the queue, and here begins the rest of its way.
            Long expiration = expiration();
            if (expiration != null && TimeUnit.NANOSECONDS.toMillis(now - receivedAt) > expiration) {
                throw late();
            }
        }

        private @Nullable Long expiration() {
            String text = properties.getExpiration();
            try {
                return text == null ? null : Long.valueOf(text);
            } catch (NumberFormatException ex) {
                return null; // The broker would not have taken it.
            }
        }

        private static RpcException late() {
            return new RpcException(
                    RpcStatus.DEADLINE_EXCEEDED, "The deadline had passed before the request was computed.");
        }

        private String queue() {
            return String.valueOf(properties.getConsumerQueue());
        }
    }
}
