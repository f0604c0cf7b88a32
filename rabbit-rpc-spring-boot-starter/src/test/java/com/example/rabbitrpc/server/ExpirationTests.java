package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Delivery;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The broker counts a request's expiration until it delivers it; the server counts the wait for a worker. */
class ExpirationTests {

    @Test
    void endsWhatHasWaitedLongerForAWorker() throws Exception {
        try (TestServer server =
                        TestServer.start(TestBroker.shared(), "rabbit.rpc.server.workers=1", "test.max-n=100000000");
                RawClient client = new RawClient(TestBroker.shared())) {
            client.send(server.queue(), RawClient.properties().build(), "40000000".getBytes(UTF_8)); // 2 s
            await().until(() -> server.count("rabbitmq.consumed") == 1);
            send(client, server, "short", "300");
            send(client, server, "none", "0");
            send(client, server, "long", "60000");

            Map<String, String> outcomes = new HashMap<>();
            for (int i = 0; i < 4; i++) {
                Delivery reply = client.reply(10_000);
                outcomes.put(reply.getProperties().getCorrelationId(), RawClient.header(reply, "x-rpc-status"));
            }

            assertThat(outcomes)
                    .containsEntry("short", "DEADLINE_EXCEEDED")
                    .containsEntry("none", "DEADLINE_EXCEEDED")
                    .containsEntry("long", "OK");
        }
    }

    private static void send(RawClient client, TestServer server, String id, String expiration) throws Exception {
        BasicProperties properties =
                RawClient.properties().correlationId(id).expiration(expiration).build();
        client.send(server.queue(), properties, "10".getBytes(UTF_8));
    }
}
