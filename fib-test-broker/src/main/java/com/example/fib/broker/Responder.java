package com.example.fib.broker;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** A server in its plainest form, on the raw client: what it does with a request is the test's. */
public final class Responder implements AutoCloseable {

    /** What to do with a request. */
    public interface Handler {
        /** Handles one. */
        void handle(Responder self, Delivery request) throws IOException;
    }

    /** Answers that the 30th number is 832040. */
    public static final Handler COMPUTES = (self, request) -> self.reply(request, "832040".getBytes(US_ASCII));

    /** Answers with the request's body. */
    public static final Handler ECHO = (self, request) -> self.reply(request, request.getBody());

    /** Keeps requests to itself. */
    public static final Handler SILENT = (self, request) -> {};

    private final Connection connection;
    private final Channel channel;
    private final @Nullable String ownQueue;
    private final BlockingQueue<Delivery> requests = new LinkedBlockingQueue<>();

    /** A server on that queue, which it declares: durable, and of everybody. */
    public Responder(Connection connection, String queue, Handler handler) throws IOException {
        this(connection, queue, false, handler);
    }

    /** Exclusive: to all other connections the broker tells nothing of the queue. */
    public Responder(Connection connection, String queue, boolean exclusive, Handler handler) throws IOException {
        this.connection = connection;
        this.channel = connection.createChannel();
        this.ownQueue = exclusive ? queue : null;
        channel.queueDeclare(queue, true, exclusive, false, null);
        channel.basicConsume(
                queue,
                true,
                (tag, request) -> {
                    requests.add(request);
                    handler.handle(this, request);
                },
                tag -> {});
    }

    /** Answers a request. */
    public void reply(Delivery request, byte[] body) throws IOException {
        reply(request, request.getProperties().getCorrelationId(), body);
    }

    /** Answers with an id of its own. */
    public void reply(Delivery request, @Nullable String correlationId, byte[] body) throws IOException {
        reply(request, correlationId, new BasicProperties.Builder(), body);
    }

    /** With more properties than the correlation id. */
    public void reply(Delivery request, @Nullable String correlationId, BasicProperties.Builder properties, byte[] body)
            throws IOException {
        channel.basicPublish(
                "",
                request.getProperties().getReplyTo(),
                properties.correlationId(correlationId).build(),
                body);
    }

    /** The requests so far, oldest first. */
    public BlockingQueue<Delivery> requests() {
        return requests;
    }

    /** A message's body as text. */
    public static String text(Delivery delivery) {
        return new String(delivery.getBody(), UTF_8);
    }

    @Override
    public void close() {
        if (ownQueue != null) { // RabbitMQ 4 deletes it only some time after its connection has ended
            try {
                channel.queueDelete(ownQueue);
            } catch (IOException ex) {
                throw new UncheckedIOException(ex);
            }
        }
        connection.abort(2_000);
    }
}
