package com.example.fib.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Delivery;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyTests {

    private static FibServer server;

    private RawClient client;

    @BeforeAll
    static void start() {
        server = FibServer.start(TestBroker.shared(), "fib.instance-id=server-1", "fib.max-n=1000");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void connect() throws Exception {
        client = new RawClient(TestBroker.shared());
    }

    @AfterEach
    void disconnect() throws Exception {
        client.close();
    }

    @Test
    void answersWithDigitsStatusInstanceAndTime() throws Exception {
        Delivery reply = client.call(server.queue(), "30");

        assertThat(RawClient.body(reply)).isEqualTo("832040");
        assertThat(RawClient.header(reply, "x-rpc-status")).isEqualTo("OK");
        assertThat(RawClient.header(reply, "x-rpc-server")).isEqualTo("server-1");
        assertThat(RawClient.header(reply, "x-rpc-compute-us")).matches("\\d+");
        assertThat(reply.getProperties().getContentType()).isEqualTo("text/plain");
        assertThat(reply.getProperties().getDeliveryMode()).isEqualTo(1);
        assertThat(reply.getEnvelope().getExchange()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"thirty, INVALID_ARGUMENT", "1001, OUT_OF_RANGE"})
    void answersAFailureWithASentence(String body, String status) throws Exception {
        Delivery reply = client.call(server.queue(), body);

        assertThat(RawClient.body(reply)).matches("[A-Zn].* .*\\.");
        assertThat(RawClient.header(reply, "x-rpc-status")).isEqualTo(status);
        assertThat(RawClient.header(reply, "x-rpc-server")).isEqualTo("server-1");
        assertThat(reply.getProperties().getHeaders()).doesNotContainKey("x-rpc-compute-us");
    }

    @Test
    void doesNotComputeAfterTheDeadline() throws Exception {
        BasicProperties late =
                RawClient.properties().headers(Map.of("x-deadline", 1L)).build();

        Delivery reply = client.call(server.queue(), late, "30", 1_000);

        assertThat(RawClient.header(reply, "x-rpc-status")).isEqualTo("DEADLINE_EXCEEDED");
    }

    @ParameterizedTest
    @ValueSource(strings = {" ", "\t", "a", "é中\uD83D\uDE00", "a/b", "line\nbreak", "%s{}${x}"})
    void returnsTheCorrelationIdUnchanged(String correlationId) throws Exception {
        BasicProperties properties =
                RawClient.properties().correlationId(correlationId).build();

        Delivery reply = client.call(server.queue(), properties, "30", 1_000);

        assertThat(reply.getProperties().getCorrelationId()).isEqualTo(correlationId);
    }

    @Test
    void returnsACorrelationIdOf255Bytes() throws Exception {
        String longest = "x".repeat(255);

        Delivery reply = client.call(
                server.queue(), RawClient.properties().correlationId(longest).build(), "30", 1_000);

        assertThat(reply.getProperties().getCorrelationId()).isEqualTo(longest);
    }

    @Test
    void answersManyCallersWhoseAddressesHoldSlashes() throws Exception {
        for (int i = 0; i < 60; i++) {
            try (RawClient caller = new RawClient(TestBroker.shared())) {
                assertThat(RawClient.body(caller.call(server.queue(), "10"))).isEqualTo("55");
            }
        }
    }
}
