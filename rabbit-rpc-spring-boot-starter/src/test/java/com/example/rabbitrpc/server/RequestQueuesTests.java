package com.example.rabbitrpc.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.Promised;
import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class RequestQueuesTests {

    @Test
    void isDurableAndClassicWithoutArguments() throws Exception {
        try (TestServer server = TestServer.start(TestBroker.shared());
                Connection connection = TestBroker.shared().connect()) {
            Channel channel = connection.createChannel();
            channel.queueDeclare(server.queue(), true, false, false, Map.of());
            assertThat(channel.isOpen()).isTrue();
        }
    }

    @Test
    void isAQuorumQueueWhereAsked() throws Exception {
        try (TestServer server = TestServer.start(TestBroker.shared(), "test.queue-type=quorum");
                RawClient client = new RawClient(TestBroker.shared())) {
            client.channel.queueDeclare(server.queue(), true, false, false, Map.of("x-queue-type", "quorum"));
            assertThat(RawClient.body(client.call(server.queue(), "30"))).isEqualTo("832040");
        }
    }

    @Test
    void isUsedAsItIsWithOneWarningWhereItExistsWithOtherArguments(CapturedOutput output) throws Exception {
        String queue = TestBroker.shared().newQueue();
        String deadLetters = TestBroker.shared().newQueue();
        try (RawClient client = new RawClient(TestBroker.shared())) {
            client.channel.queueDeclare(deadLetters, true, false, false, Map.of());
            client.channel.queueDeclare(
                    queue,
                    true,
                    false,
                    false,
                    Map.of("x-dead-letter-exchange", "", "x-dead-letter-routing-key", deadLetters));
            try (TestServer server = TestServer.startOn(TestBroker.shared(), queue)) {
                assertThat(RawClient.body(client.call(queue, "30"))).isEqualTo("832040");
                assertThat(output.toString().lines().filter(line -> line.contains("WARN")))
                        .singleElement()
                        .asString()
                        .contains(queue, "durable=true", "arguments={}", "x-dead-letter-exchange");

                client.send(
                        queue, new BasicProperties.Builder().correlationId("7").build(), new byte[] {'9'});
                GetResponse dead = Awaitility.await()
                        .until(() -> client.channel.basicGet(deadLetters, true), response -> response != null);
                assertThat(dead.getProps().getCorrelationId()).isEqualTo("7");
                assertThat(server.consumersStarted()).isEqualTo(1);
            }
        }
    }

    @Test
    @Tag("faults")
    @Tag("short")
    void isDeclaredAndConsumedAgainAfterItWasDeleted() throws Exception {
        try (TestServer server = TestServer.start(TestBroker.shared());
                RawClient client = new RawClient(TestBroker.shared())) {
            for (int i = 0; i < 3; i++) {
                client.channel.queueDelete(server.queue());
                Awaitility.await().atMost(Promised.within(2_000)).until(() -> {
                    client.send(server.queue(), RawClient.properties().build(), new byte[] {'1', '0'});
                    Delivery reply = client.replies.poll(100, TimeUnit.MILLISECONDS);
                    return reply != null && RawClient.body(reply).equals("55");
                });
                server.awaitConsuming(2);
            }
        }
    }

    /** Nothing is given up for it, and whoever looks is told. */
    @Test
    void saysThatAStreamIsNoQueueForRequests(CapturedOutput output) throws Exception {
        String queue = TestBroker.shared().newQueue();
        try (RawClient client = new RawClient(TestBroker.shared())) {
            client.channel.queueDeclare(queue, true, false, false, Map.of("x-queue-type", "stream"));
            try (TestServer server = TestServer.startOn(TestBroker.shared(), queue)) {
                client.send(queue, RawClient.properties().build(), new byte[] {'1'});
                assertThat(server.health("broker")).isEqualTo("DOWN");
                Awaitility.await()
                        .during(5, TimeUnit.SECONDS)
                        .atMost(8, TimeUnit.SECONDS)
                        .until(() -> server.consumersStarted() == 1);
                assertThat(server.health("broker")).isEqualTo("DOWN");
            }
            client.channel.queueDelete(queue);
        }
        assertThat(output.toString().lines().filter(line -> line.contains("WARN")))
                .singleElement()
                .asString()
                .contains("Queue " + queue + " is a stream, and requests need a classic or a quorum queue");
    }
}
