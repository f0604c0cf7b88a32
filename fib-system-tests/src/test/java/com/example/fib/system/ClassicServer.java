package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.io.IOException;

/** The RPC tutorial's server in its plain form: a transient-looking queue, prefetch 1, a bare body, ack after the reply. */
final class ClassicServer implements AutoCloseable {

    private final Connection connection;

    ClassicServer(TestBroker broker) throws IOException {
        this.connection = broker.connect();
        Channel channel = connection.createChannel();
        channel.queueDeclare(broker.queue(), true, false, false, null);
        channel.basicQos(1);
        channel.basicConsume(
                broker.queue(),
                false,
                (tag, delivery) -> {
                    AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder()
                            .correlationId(delivery.getProperties().getCorrelationId())
                            .build();
                    int n = Integer.parseInt(new String(delivery.getBody(), UTF_8));
                    String response = Integer.toString(fib(n));
                    channel.basicPublish(
                            "", delivery.getProperties().getReplyTo(), properties, response.getBytes(UTF_8));
                    channel.basicAck(delivery.getEnvelope().getDeliveryTag(), false);
                },
                tag -> {});
    }

    private static int fib(int n) {
        return n < 2 ? n : fib(n - 1) + fib(n - 2);
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
