package com.example.fib.server;

import com.rabbitmq.client.Channel;
import java.io.IOException;
import java.time.Duration;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.connection.ChannelProxy;
import org.springframework.stereotype.Component;

/**
 * Answers requests, each on one of the {@link Workers}. Every message gets one reply, published before its
 * acknowledgement, or is rejected for good with one line in the log where no reply can be sent. Nothing is requeued here,
 * and no message makes this throw.
 */
@Component
class FibonacciListener {

    private static final Logger log = LoggerFactory.getLogger(FibonacciListener.class);

    private final Workers workers;
    private final ReplyAddresses addresses;
    private final RequestReader reader;
    private final IntFunction<String> function;
    private final Acknowledgements acknowledgements;
    private final ServerMetrics metrics;
    private final RequestTracing tracing;
    private final ReplyPublisher replies;

    FibonacciListener(
            Workers workers,
            ReplyAddresses addresses,
            RequestReader reader,
            IntFunction<String> function,
            Acknowledgements acknowledgements,
            ServerMetrics metrics,
            RequestTracing tracing,
            ReplyPublisher replies) {
        this.workers = workers;
        this.addresses = addresses;
        this.reader = reader;
        this.function = function;
        this.acknowledgements = acknowledgements;
        this.metrics = metrics;
        this.tracing = tracing;
        this.replies = replies;
    }

    @RabbitListener(id = "fib", queues = "${fib.queue.name:rpc_queue}")
    void onRequest(Message message, Channel proxy) {
        // Spring's proxy opens another channel when this one is lost, where our delivery tags mean nothing.
        Channel channel = proxy instanceof ChannelProxy spring ? spring.getTargetChannel() : proxy;
        acknowledgements.delivered(channel, message.getMessageProperties().getDeliveryTag());
        workers.execute(() -> handle(message, channel));
    }

    private void handle(Message message, Channel channel) {
        if (channel.isOpen()) { // Otherwise the broker delivers it again, here or elsewhere.
            tracing.run(message.getMessageProperties(), () -> process(message, channel));
        }
    }

    private void process(Message message, Channel channel) {
        MessageProperties request = message.getMessageProperties();
        try {
            String objection = addresses.objection(request);
            if (objection == null) {
                replies.publish(answer(message), request, channel);
                acknowledgements.ack(channel, request.getDeliveryTag());
            } else {
                drop(request, channel, objection);
            }
        } catch (IOException | RuntimeException ex) {
            if (channel.isOpen()) {
                drop(request, channel, "a reply_to that cost the connection it was tried on");
            } else {
                log.warn("Connection lost before a request was answered; the broker delivers it again");
            }
        }
    }

    private void drop(MessageProperties request, Channel channel, String objection) {
        metrics.dropped();
        tracing.failed("dropped", null);
        log.warn(
                "Dropped a request with {}: reply_to {}, correlation_id {}",
                objection,
                LogText.quote(request.getReplyTo()),
                LogText.quote(request.getCorrelationId()));
        acknowledgements.reject(channel, request.getDeliveryTag());
    }

    private Reply answer(Message message) {
        try {
            int n = reader.read(message);
            long start = System.nanoTime();
            String digits = function.apply(n);
            Duration compute = Duration.ofNanos(System.nanoTime() - start);
            metrics.computed(n, compute);
            return new Reply(RpcStatus.OK, digits, compute);
        } catch (RpcException ex) {
            failed(ex.status(), ex);
            return Reply.failure(ex.status(), String.valueOf(ex.getMessage()));
        } catch (RuntimeException | Error ex) {
            // An error too is this request's: a deep stack, or too much memory, which is free again by now.
            failed(RpcStatus.INTERNAL, ex);
            String id = LogText.quote(message.getMessageProperties().getCorrelationId());
            log.error("Computing failed, correlation_id {}", id, ex);
            return Reply.failure(RpcStatus.INTERNAL, "The server failed to compute the answer.");
        }
    }

    private void failed(RpcStatus status, Throwable cause) {
        metrics.failed(status);
        tracing.failed(status.name(), cause);
    }
}
