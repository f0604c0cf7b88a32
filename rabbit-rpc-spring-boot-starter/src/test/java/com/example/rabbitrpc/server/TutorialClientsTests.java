package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.example.fib.broker.WireClient;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Delivery;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/**
 * What the RPC clients of RabbitMQ's tutorials send, language by language (rabbitmq-tutorials at 8aec600, and the defaults of the
 * libraries that they use).
 */
@ExtendWith(OutputCaptureExtension.class)
class TutorialClientsTests {

    private static final int CORRELATION_ID = 1 << 10;
    private static final int REPLY_TO = 1 << 9;
    private static final String UUID = "0b9c9e47-1d3c-4d7c-9a3f-2f2e5f6a7b8c";

    private static TestServer server;

    @BeforeAll
    static void start() {
        server = TestServer.start(TestBroker.shared());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** All of these name a queue that the broker has named, but for JavaScript's. */
    static Stream<Arguments> clients() {
        return Stream.of(
                arguments("Java, Kotlin, Scala, C#, Python, Haskell, Rust, Zig, Clojure", properties(UUID)),
                arguments("JavaScript", properties("0.71320.85230.1492").replyTo("amq.rabbitmq.reply-to")),
                arguments("Go", properties("PQWKGZLMCVBNHYTREDSAXFUIOJKLMNBV").contentType("text/plain")),
                arguments("Elixir", properties("LTU3NjQ2MDc1MjMwMzQyMzQ4Nw==")),
                arguments(
                        "Ruby",
                        properties("0.4570.9120.003")
                                .contentType("application/octet-stream")
                                .deliveryMode(2)
                                .priority(0)),
                arguments(
                        "Perl",
                        properties("1234567890")
                                .contentType("application/octet-stream")
                                .deliveryMode(1)
                                .headers(Map.of())),
                arguments("PHP", properties("66b1f0c2a1b3d").deliveryMode(1)),
                arguments(
                        "PHP's extension",
                        properties("66b1f0c2a1b3d")
                                .contentType("text/plain")
                                .contentEncoding("")
                                .headers(Map.of())
                                .deliveryMode(1)
                                .priority(0)
                                .expiration(null)
                                .messageId("")
                                .type("")
                                .userId(null)
                                .appId("")),
                arguments("Julia", properties(UUID).contentType("text/plain").deliveryMode(2)),
                arguments("Common Lisp", properties("7421")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("clients")
    void areAnswered(String language, BasicProperties.Builder properties) throws Exception {
        try (RawClient client = new RawClient(TestBroker.shared())) {
            String replies = client.channel.queueDeclare().getQueue();
            client.channel.basicConsume(replies, true, (tag, reply) -> client.replies.add(reply), tag -> {});
            BasicProperties given = properties.build();
            BasicProperties sent =
                    given.getReplyTo() == null ? properties.replyTo(replies).build() : given;

            Delivery reply = client.call(server.queue(), sent, "30", 2_000);

            assertThat(RawClient.body(reply)).isEqualTo("832040");
            assertThat(reply.getProperties().getCorrelationId()).isEqualTo(given.getCorrelationId());
        }
    }

    /** Sixteen bytes of a UUID as its id, and not its text. */
    @Test
    void answersErlangs() throws Exception {
        String id = "\u00ff\u00d8\u0000\u0010\u009c\u009eG\u00c0\u009a?/._\u0080\u00fe\u0001";
        try (WireClient client = new WireClient(TestBroker.shared());
                RawClient other = new RawClient(TestBroker.shared())) {
            String replies =
                    other.channel.queueDeclare("", false, false, true, null).getQueue();
            client.publish(
                    server.queue(),
                    CORRELATION_ID | REPLY_TO,
                    WireClient.shortString(id) + WireClient.shortString(replies),
                    "30");

            String properties = await().until(() -> client.get(replies), reply -> !reply.isEmpty());

            assertThat(properties.getBytes(ISO_8859_1)).contains(id.getBytes(ISO_8859_1));
            other.channel.queueDelete(replies);
        }
    }

    /** Nothing tells it from a work queue but its name. The log says what to set. */
    @Test
    void dropsCppsWhichNamesItsReplyQueueItself(CapturedOutput output) throws Exception {
        try (RawClient client = new RawClient(TestBroker.shared())) {
            client.send(
                    server.queue(),
                    properties("1").replyTo("rpc-client-reply-1").build(),
                    "30".getBytes(UTF_8));

            await().until(() -> output.toString().contains("'rpc-client-reply-1'"));
            assertThat(output).contains("rabbit.rpc.server.reply-to-pattern");
        }
    }

    /** Dart's own server takes JSON, and Spring's Java objects; a listener of numbers takes neither. */
    @Test
    void refusesDartsAndSpringsWithASentence() throws Exception {
        try (RawClient client = new RawClient(TestBroker.shared())) {
            for (String type : new String[] {"application/json", "application/x-java-serialized-object"}) {
                Delivery reply = client.call(
                        server.queue(),
                        properties(UUID)
                                .replyTo("amq.rabbitmq.reply-to")
                                .contentType(type)
                                .build(),
                        "{\"n\":30}",
                        2_000);

                assertThat(RawClient.header(reply, "x-rpc-status")).isEqualTo("INVALID_ARGUMENT");
                assertThat(RawClient.body(reply)).startsWith("The content type must be text/plain");
            }
        }
    }

    private static BasicProperties.Builder properties(String correlationId) {
        return new BasicProperties.Builder().correlationId(correlationId);
    }
}
