package com.example.fib.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The client of RabbitMQ's sixth tutorial, in its plain form. */
class ClassicClientTests {

    @Test
    void answersTheTutorialsClient() throws Exception {
        try (FibServer server = FibServer.start(TestBroker.shared());
                Connection connection = TestBroker.shared().connect()) {
            assertThat(call(connection.createChannel(), server.queue(), "30")).isEqualTo("832040");
            assertThat(call(connection.createChannel(), server.queue(), "0")).isEqualTo("0");
        }
    }

    private static String call(Channel channel, String requestQueue, String message) throws Exception {
        String corrId = UUID.randomUUID().toString();
        String replyQueueName = channel.queueDeclare().getQueue();
        AMQP.BasicProperties props = new AMQP.BasicProperties.Builder()
                .correlationId(corrId)
                .replyTo(replyQueueName)
                .build();
        channel.basicPublish("", requestQueue, props, message.getBytes(UTF_8));

        CompletableFuture<String> response = new CompletableFuture<>();
        String ctag = channel.basicConsume(
                replyQueueName,
                true,
                (consumerTag, delivery) -> {
                    if (delivery.getProperties().getCorrelationId().equals(corrId)) {
                        response.complete(new String(delivery.getBody(), UTF_8));
                    }
                },
                consumerTag -> {});
        String result = response.get(2, TimeUnit.SECONDS);
        channel.basicCancel(ctag);
        return result;
    }
}
