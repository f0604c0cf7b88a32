package com.example.fib.broker;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A caller that speaks AMQP with nothing between: direct reply-to, and whatever message a test wants. */
public final class RawClient implements AutoCloseable {

    private final Connection connection;
    public final Channel channel;
    public final BlockingQueue<Delivery> replies = new LinkedBlockingQueue<>();

    public RawClient(TestBroker broker) throws IOException {
        connection = broker.connect();
        channel = connection.createChannel();
        channel.basicConsume("amq.rabbitmq.reply-to", true, (tag, delivery) -> replies.add(delivery), tag -> {});
    }

    public static BasicProperties.Builder properties() {
        return new BasicProperties.Builder()
                .replyTo("amq.rabbitmq.reply-to")
                .correlationId(UUID.randomUUID().toString());
    }

    public void send(String queue, BasicProperties properties, byte[] body) throws IOException {
        channel.basicPublish("", queue, properties, body);
    }

    public Delivery call(String queue, BasicProperties properties, String body, long millis) throws Exception {
        send(queue, properties, body.getBytes(StandardCharsets.UTF_8));
        return reply(millis);
    }

    public Delivery call(String queue, String body) throws Exception {
        return call(queue, properties().build(), body, 1_000);
    }

    public Delivery reply(long millis) throws InterruptedException {
        Delivery reply = replies.poll(Promised.within(millis).toMillis(), TimeUnit.MILLISECONDS);
        if (reply == null) {
            throw new AssertionError("no reply within " + millis + " ms");
        }
        return reply;
    }

    public static String body(Delivery delivery) {
        return new String(delivery.getBody(), StandardCharsets.US_ASCII);
    }

    public static String header(Delivery delivery, String name) {
        return String.valueOf(delivery.getProperties().getHeaders().get(name));
    }

    @Override
    public void close() throws IOException {
        connection.close(2_000);
    }
}
