package com.example.fib.broker;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.GetResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.awaitility.Awaitility;

/** One message through a broker and back. */
final class RoundTrip {

    private RoundTrip() {}

    static void over(TestBroker broker) throws Exception {
        try (Connection connection = broker.connect();
                Channel channel = connection.createChannel()) {
            String queue = channel.queueDeclare().getQueue();
            byte[] body = "30".getBytes(StandardCharsets.US_ASCII);
            channel.basicPublish("", queue, new BasicProperties(), body);
            GetResponse got = Awaitility.await()
                    .atMost(Duration.ofSeconds(5))
                    .until(() -> channel.basicGet(queue, true), message -> message != null);
            assertThat(got.getBody()).isEqualTo(body);
        }
    }
}
