package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.Delivery;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class FairnessTests {

    private static final int CHEAP = 500;

    @Test
    void cheapRequestsPassAnExpensiveOne() throws Exception {
        try (RawClient client = new RawClient(TestBroker.shared())) {
            TestServer server = TestServer.start(TestBroker.shared(), "test.max-n=100000000");
            client.send(server.queue(), RawClient.properties().build(), "40000000".getBytes(UTF_8));
            for (int i = 0; i < CHEAP; i++) {
                client.send(server.queue(), RawClient.properties().build(), "30".getBytes(UTF_8));
            }

            // Many times the prefetch: the broker sends on only because what passed was acknowledged.
            for (int i = 0; i < CHEAP; i++) {
                assertThat(RawClient.body(client.reply(2_000))).isEqualTo("832040");
            }
            Delivery expensive = client.reply(60_000);
            assertThat(expensive.getBody()).hasSizeGreaterThan(1_000_000);

            server.close();
            assertThat(client.channel.messageCount(server.queue())).isZero();
        }
    }

    @Test
    void everyRequestIsAcknowledgedOnce() throws Exception {
        try (RawClient client = new RawClient(TestBroker.shared())) {
            TestServer server = TestServer.start(TestBroker.shared());
            int requests = 2_000;
            for (int i = 0; i < requests; i++) {
                // Some take a thousand times as long, so that acknowledgements come with gaps; some are rejected.
                String n = i % 50 == 0 ? "100000" : "30";
                String replyTo = i % 40 == 1 ? "no/reply" : "amq.rabbitmq.reply-to";
                client.send(
                        server.queue(), RawClient.properties().replyTo(replyTo).build(), n.getBytes(UTF_8));
            }
            for (int i = 0; i < requests - requests / 40; i++) {
                client.reply(5_000);
            }
            Awaitility.await().untilAsserted(() -> assertThat(server.count("rabbitmq.rejected"))
                    .isEqualTo(requests / 40));

            server.close(); // What was not acknowledged would go back now.
            assertThat(client.channel.messageCount(server.queue())).isZero();
        }
    }
}
