package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.io.IOException;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The RPC tutorial's client in its plain form: an exclusive reply queue, reply_to and correlation_id, nothing else. */
final class ClassicClient implements AutoCloseable {

    private final Connection connection;
    private final Channel channel;
    private final String requestQueue;
    private final String replyQueue;
    private final BlockingQueue<Delivery> replies = new LinkedBlockingQueue<>();

    ClassicClient(TestBroker broker) throws IOException {
        this.connection = broker.connect();
        this.requestQueue = broker.queue();
        this.channel = connection.createChannel();
        this.replyQueue = channel.queueDeclare().getQueue();
        channel.basicConsume(replyQueue, true, (tag, reply) -> replies.add(reply), tag -> {});
    }

    /** The reply's body, or null when there is none within 5 s. */
    @Nullable
    String call(String message) throws Exception {
        String correlationId = UUID.randomUUID().toString();
        AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder()
                .correlationId(correlationId)
                .replyTo(replyQueue)
                .build();
        channel.basicPublish("", requestQueue, properties, message.getBytes(UTF_8));
        Delivery reply = replies.poll(5, TimeUnit.SECONDS);
        return reply != null && correlationId.equals(reply.getProperties().getCorrelationId())
                ? new String(reply.getBody(), UTF_8)
                : null;
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
