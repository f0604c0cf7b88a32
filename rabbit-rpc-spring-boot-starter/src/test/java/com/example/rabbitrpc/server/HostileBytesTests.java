package com.example.rabbitrpc.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.example.fib.broker.WireClient;
import com.rabbitmq.client.GetResponse;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Messages that no client library sends, written byte by byte. */
class HostileBytesTests {

    private static final int HEADERS = 1 << 13;
    private static final int CORRELATION_ID = 1 << 10;
    private static final int REPLY_TO = 1 << 9;

    private static TestServer server;

    @BeforeAll
    static void start() {
        server = TestServer.start(TestBroker.shared());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    static Stream<Arguments> messages() {
        return Stream.of(
                message(
                        "a correlation id of 200 bad bytes",
                        CORRELATION_ID,
                        WireClient.shortString("\u00ff".repeat(200))),
                message(
                        "a correlation id of 10 bad bytes",
                        CORRELATION_ID,
                        WireClient.shortString("\u00ff".repeat(10))),
                message(
                        "a correlation id cut off within a character",
                        CORRELATION_ID,
                        WireClient.shortString("\u00e4\u00b8")),
                message(
                        "a field of type L",
                        HEADERS | CORRELATION_ID,
                        table("\u0001kL" + "\0".repeat(8)) + WireClient.shortString("1")),
                message("tables 18,000 deep", HEADERS | CORRELATION_ID, nested(18_000) + WireClient.shortString("1")),
                message(
                        "the same header twice",
                        HEADERS | CORRELATION_ID,
                        table("\u0001kt\u0001\u0001kt\0") + WireClient.shortString("1")),
                message(
                        "headers with bad names",
                        HEADERS | CORRELATION_ID,
                        table("\u0002\u00ff\u00feV") + WireClient.shortString("1")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("messages")
    void surviveAndServeTheNext(String name, int flags, String properties) throws Exception {
        int consumed = server.count("rabbitmq.consumed");
        int settled = server.count("rabbitmq.acknowledged") + server.count("rabbitmq.rejected");
        int consumers = server.consumersStarted();
        try (RawClient honest = new RawClient(TestBroker.shared());
                WireClient hostile = new WireClient(TestBroker.shared())) {
            String replyQueue = honest.channel.queueDeclare().getQueue();
            hostile.publish(server.queue(), flags | REPLY_TO, properties + WireClient.shortString(replyQueue), "30");

            // RabbitMQ 4.3 itself takes seconds for the deepest tables.
            Awaitility.await()
                    .atMost(30, TimeUnit.SECONDS)
                    .until(() -> server.count("rabbitmq.consumed") == consumed + 1);
            assertThat(RawClient.body(honest.call(server.queue(), "10"))).isEqualTo("55");
        }
        Awaitility.await()
                .until(() -> server.count("rabbitmq.acknowledged") + server.count("rabbitmq.rejected") == settled + 2);
        assertThat(server.count("rabbitmq.consumed")).isEqualTo(consumed + 2);
        assertThat(server.consumersStarted()).isEqualTo(consumers);
    }

    static Stream<Arguments> ids() {
        return Stream.of(
                Arguments.arguments("text", "\u00e2\u0082\u00ac\u00f0\u009f\u0098\u0080"),
                Arguments.arguments("the character that marks bytes", "\u00ee\u0080\u0080a"),
                Arguments.arguments("a bad byte", "a\u00ffb"),
                Arguments.arguments("Erlang's", "\u0000\u00ff\u0080\u0001" + "\u00fe\u0010\u00c3(".repeat(3)),
                Arguments.arguments("126 bad bytes", "\u00ff".repeat(126)));
    }

    /** Also where they are no text. Strings stand for bytes here. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("ids")
    void returnsAnIdUnchanged(String name, String sent) throws Exception {
        try (WireClient client = new WireClient(TestBroker.shared());
                RawClient other = new RawClient(TestBroker.shared())) {
            String replies =
                    other.channel.queueDeclare("", true, false, true, null).getQueue();
            client.publish(
                    server.queue(),
                    CORRELATION_ID | REPLY_TO,
                    WireClient.shortString(sent) + WireClient.shortString(replies),
                    "30");

            String properties = Awaitility.await().until(() -> client.get(replies), reply -> !reply.isEmpty());

            assertThat(properties).contains(WireClient.shortString(sent));
            other.channel.queueDelete(replies);
        }
    }

    /** With its mark it would be longer than an id may be: the client makes text of it, and cuts that. */
    @Test
    void returnsAsMuchOfALongerIdOfBadBytesAsFits() throws Exception {
        try (WireClient client = new WireClient(TestBroker.shared());
                RawClient other = new RawClient(TestBroker.shared())) {
            String replies = other.channel.queueDeclare().getQueue();
            client.publish(
                    server.queue(),
                    CORRELATION_ID | REPLY_TO,
                    WireClient.shortString("\u00ff".repeat(127)) + WireClient.shortString(replies),
                    "30");

            GetResponse reply = Awaitility.await().until(() -> other.channel.basicGet(replies, true), Objects::nonNull);

            assertThat(reply.getProps().getCorrelationId()).isEqualTo("\ufffd".repeat(85));
        }
    }

    private static Arguments message(String name, int flags, String properties) {
        return Arguments.arguments(name, flags, properties);
    }

    private static String table(String entries) {
        return WireClient.longString(entries);
    }

    private static String nested(int depth) {
        StringBuilder table = new StringBuilder();
        for (int i = 0; i < depth; i++) {
            table.append(WireClient.number(7L * (depth - 1 - i) + 7, 4)).append("\u0001tF");
        }
        return table.append("\0\0\0\0").toString();
    }
}
