package com.example.rabbitrpc.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Delivery;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyTests {

    private static TestServer server;

    private RawClient client;

    @BeforeAll
    static void start() {
        server = TestServer.start(TestBroker.shared(), "rabbit.rpc.server.instance-id=server-1", "test.max-n=1000");
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

    static Stream<Arguments> deadlines() {
        long now = System.currentTimeMillis();
        return Stream.of(
                arguments(now - 1, "DEADLINE_EXCEEDED"),
                arguments(1L, "DEADLINE_EXCEEDED"),
                arguments(0L, "DEADLINE_EXCEEDED"),
                arguments(-1L, "DEADLINE_EXCEEDED"),
                arguments(Long.MIN_VALUE, "DEADLINE_EXCEEDED"),
                arguments(1_700_000_000, "DEADLINE_EXCEEDED"),
                arguments((short) 5, "DEADLINE_EXCEEDED"),
                arguments((byte) 5, "DEADLINE_EXCEEDED"),
                arguments(now + 60_000, "OK"),
                arguments(Long.MAX_VALUE, "OK"),
                arguments("", "INVALID_ARGUMENT"),
                arguments("soon", "INVALID_ARGUMENT"),
                arguments(String.valueOf(now + 60_000), "INVALID_ARGUMENT"),
                arguments(now + 60_000.5, "INVALID_ARGUMENT"),
                arguments(new BigDecimal(2_000_000_000), "INVALID_ARGUMENT"),
                arguments(Date.from(Instant.ofEpochMilli(now + 60_000)), "INVALID_ARGUMENT"),
                arguments(true, "INVALID_ARGUMENT"),
                arguments(List.of(), "INVALID_ARGUMENT"),
                arguments(new byte[8], "INVALID_ARGUMENT"));
    }

    @ParameterizedTest
    @MethodSource("deadlines")
    void computesUntilTheDeadline(Object deadline, String status) throws Exception {
        BasicProperties properties =
                RawClient.properties().headers(Map.of("x-deadline", deadline)).build();

        Delivery reply = client.call(server.queue(), properties, "30", 1_000);

        assertThat(RawClient.header(reply, "x-rpc-status")).isEqualTo(status);
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
