package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Delivery;
import java.io.ByteArrayOutputStream;
import java.io.ObjectOutputStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.Collections;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Whatever a message holds: it is delivered once, it costs no consumer, and the next caller is answered. */
@ExtendWith(OutputCaptureExtension.class)
class HostileMessagesTests {

    private static final byte[] THIRTY = "30".getBytes(UTF_8);

    private static final int MAX_BYTES = 1024;

    private static TestServer server;

    @BeforeAll
    static void start() {
        server = TestServer.start(TestBroker.shared(), "rabbit.rpc.server.max-request-size=1KB");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    static Stream<Arguments> answered() throws Exception {
        Stream<Arguments> bodies = Stream.of(
                body("empty", new byte[0]),
                body("minus", "-30".getBytes(UTF_8)),
                body("spaces", " 30 ".getBytes(UTF_8)),
                body("Arabic digits", "\u0663\u0660".getBytes(UTF_8)),
                body("bad UTF-8", new byte[] {(byte) 0xc3, (byte) 0x28}),
                body("NULs", new byte[20]),
                body("a megabyte of digits", "7".repeat(1 << 20).getBytes(UTF_8)),
                body("a body of many frames", new byte[5_000_000]),
                body("just above what is kept", new byte[MAX_BYTES + 1]),
                body("just what is kept", new byte[MAX_BYTES]),
                body("a Java object", serialized()));
        Stream<Arguments> types = Stream.of(
                        "application/x-java-serialized-object",
                        "application/json",
                        "application/octets",
                        "text/plain; charset=utf-16",
                        "text/plain; charset=does-not-exist",
                        "nonsense",
                        "text/plain; charset=\"",
                        "\u0000\r\n")
                .map(type -> arguments(
                        "content type " + type, properties().contentType(type).build(), THIRTY, "INVALID_ARGUMENT"));
        Stream<Arguments> encodings = Stream.of("gzip", "zip", "deflate", "lzma", "does-not-exist", "gzip:utf-8")
                .map(encoding -> arguments(
                        "encoding " + encoding,
                        properties().contentEncoding(encoding).build(),
                        THIRTY,
                        "INVALID_ARGUMENT"));
        Stream<Arguments> headers = Stream.of(
                header("x-deadline", "soon", "INVALID_ARGUMENT"),
                header("x-deadline", Map.of("a", List.of(1)), "INVALID_ARGUMENT"),
                header("x-deadline", 1.5, "INVALID_ARGUMENT"),
                header("x-deadline", Long.MIN_VALUE, "DEADLINE_EXCEEDED"),
                header("x-death", "not a list", "OK"),
                header("x-death", List.of(Map.of("count", "many")), "OK"),
                header("x-death", List.of(List.of()), "OK"),
                header("x-delay", "long", "OK"),
                header("x-retry-count", "many", "OK"),
                header("retry_count", Long.MIN_VALUE, "OK"),
                header("__TypeId__", "javax.naming.InitialContext", "OK"),
                header("__ContentTypeId__", "java.lang.Runtime", "OK"),
                header("springBatchFormat", "lengthHeader4", "OK"),
                header("springAutoDecompress", true, "OK"),
                header("spring_reply_correlation", "other", "OK"),
                header("spring_reply_to", "rpc_queue", "OK"),
                header("spring_listener_return_correlation", "1", "OK"),
                header("spring_returned_message_correlation", "1", "OK"),
                header("amqp_replyTo", "rpc_queue", "OK"),
                header("id", "no-uuid", "OK"),
                header("timestamp", "never", "OK"),
                header("contentType", "application/json", "OK"),
                header("traceparent", "00-zz-\r\n", "OK"),
                header("traceparent", List.of(Map.of()), "OK"),
                header("traceparent", "0".repeat(100_000), "OK"),
                arguments(
                        "a tracestate of many",
                        properties()
                                .headers(Map.of(
                                        "traceparent",
                                        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                        "tracestate",
                                        "=,\n".repeat(10_000)))
                                .build(),
                        THIRTY,
                        "OK"),
                header("\u0000\r\n${jndi:ldap://x}", "${jndi:ldap://x}", "OK"),
                header("", new BigDecimal("1E-200").setScale(3, RoundingMode.UP), "OK"),
                header("date", Date.from(Instant.ofEpochMilli(Long.MAX_VALUE / 1000 * 1000)), "OK"),
                header("nested 31 deep", nested(31), "OK"),
                header("nested 33 deep", nested(33), "OK"),
                header("nested 1,000 deep", nested(1_000), "OK"),
                // Not deeper: RabbitMQ 4.3's own time grows with the square. HostileBytesTests waits for it.
                header("nested 2,000 deep", nested(2_000), "OK"),
                header("arrays 1,000 deep", nestedLists(1_000), "OK"),
                header("120 KB", "x".repeat(120_000), "OK"),
                arguments("5,000 headers", properties().headers(many(5_000)).build(), THIRTY, "OK"));
        Stream<Arguments> properties = Stream.of(
                arguments("priority 255", properties().priority(255).build(), THIRTY, "OK"),
                arguments(
                        "a timestamp far off",
                        properties()
                                .timestamp(Date.from(Instant.ofEpochMilli(Long.MAX_VALUE / 1000 * 1000)))
                                .build(),
                        THIRTY,
                        "OK"),
                arguments(
                        "a type",
                        properties()
                                .type("\r\nx")
                                .messageId("\u0000")
                                .appId("é")
                                .build(),
                        THIRTY,
                        "OK"),
                arguments("an expiration", properties().expiration("60000").build(), THIRTY, "OK"));
        return Stream.of(bodies, types, encodings, headers, properties).flatMap(stream -> stream);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("answered")
    void answersOnceAndServesTheNext(
            String name, BasicProperties properties, byte[] body, String status, CapturedOutput output)
            throws Exception {
        Counts before = Counts.of(server);
        try (RawClient client = new RawClient(TestBroker.shared())) {
            deep(() -> client.send(server.queue(), properties, body));

            Delivery reply = client.reply(2_000);

            assertThat(reply.getProperties().getCorrelationId()).isEqualTo(properties.getCorrelationId());
            assertThat(RawClient.header(reply, "x-rpc-status")).isEqualTo(status);
            assertHonestCallIsAnswered(client);
        }
        assertDeliveredOnce(before, 2, 0);
        assertThat(output).doesNotContain("\tat ", "ERROR");
    }

    static Stream<Arguments> dropped() {
        BasicProperties.Builder none = new BasicProperties.Builder();
        Stream<Arguments> incomplete = Stream.of(
                arguments("nothing at all", none.build()),
                arguments("no reply_to", none.correlationId("1").build()),
                arguments("an empty reply_to", properties().replyTo("").build()),
                arguments("no correlation_id", properties().correlationId(null).build()),
                arguments(
                        "an empty correlation_id",
                        properties().correlationId("").build()));
        Stream<Arguments> addresses = Stream.of(
                        "nosuchexchange/key",
                        "amq.direct/key",
                        "/",
                        "//",
                        "amqp://host/exchange/key",
                        " ",
                        "amq.gen-",
                        "amq.gen-a/b",
                        "amq.rabbitmq.reply-to.",
                        "amq.rabbitmq.reply-to.\u0000",
                        "amq.rabbitmq.reply-to.x",
                        "amq.rabbitmq.reply-to.====",
                        "amq.rabbitmq.reply-to.AAAA",
                        "amq.rabbitmq.reply-to.AAAA.AAAA",
                        "amq.rabbitmq.reply-to.g1h2AA5yZXBseUA5MjQxNjkxNgAAAAAAAAAA.AAAA",
                        "amq.rabbitmq.reply-to.g2gCZAAFaGVsbG9hAQ==.AAAA",
                        "amq.rabbitmq.reply-to./////.////",
                        "amq.rabbitmq.reply-to.....",
                        "amq.rabbitmq.reply-to." + "A".repeat(230),
                        "someones-work-queue",
                        "line\nbreak\u001b[31m",
                        "\uFFFD",
                        "x".repeat(255))
                .map(address -> arguments(
                        "reply_to " + address, properties().replyTo(address).build()));
        return Stream.concat(incomplete, addresses);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("dropped")
    void dropsWhatCannotBeAnsweredWithOneLine(String name, BasicProperties properties, CapturedOutput output)
            throws Exception {
        Counts before = Counts.of(server);
        try (RawClient client = new RawClient(TestBroker.shared())) {
            client.send(server.queue(), properties, THIRTY);

            assertHonestCallIsAnswered(client);
        }
        assertDeliveredOnce(before, 1, 1);
        assertThat(output.toString().lines().filter(line -> line.contains("WARN") && line.contains("[test-server]")))
                .hasSize(1);
        assertThat(output).contains("Dropped a request with").doesNotContain("\tat ", "ERROR", "\u001b[31m", "\nbreak");
    }

    static Stream<String> forgedAddresses() {
        return Stream.of(
                "amq.gen-nobody",
                "amq.rabbitmq.reply-to.g1h2AA5yZXBseUA5MjQxNjkxNgAAAAEAAAACAAAAAw==.AAAA",
                "amq.rabbitmq.reply-to.g1h2AA5yZXBseUA5MjQxNjkxNv///////////////w==.AAAA",
                "amq.rabbitmq.reply-to.g1h2AA5yZXBseUA5MjQxNjkxNgAAAAEAAAACAAAAAw==.====");
    }

    /** Older brokers close the connection over these; newer ones send the reply nowhere. */
    @ParameterizedTest
    @MethodSource("forgedAddresses")
    void survivesAForgedAddress(String address) throws Exception {
        Counts before = Counts.of(server);
        try (RawClient client = new RawClient(TestBroker.shared())) {
            client.send(server.queue(), properties().replyTo(address).build(), THIRTY);

            assertHonestCallIsAnswered(client);
        }
        Awaitility.await()
                .untilAsserted(() -> assertThat(Counts.of(server).settled()).isEqualTo(before.settled() + 2));
        assertThat(Counts.of(server).consumed()).isEqualTo(before.consumed() + 2);
        assertThat(Counts.of(server).consumers()).isEqualTo(before.consumers());
    }

    @Test
    void neverAnswersIntoItsOwnQueue() throws Exception {
        Counts before = Counts.of(server);
        try (RawClient client = new RawClient(TestBroker.shared())) {
            client.send(server.queue(), properties().replyTo(server.queue()).build(), THIRTY);

            assertHonestCallIsAnswered(client);
        }
        assertDeliveredOnce(before, 1, 1);
    }

    private static void assertHonestCallIsAnswered(RawClient client) throws Exception {
        assertThat(RawClient.body(client.call(server.queue(), "10"))).isEqualTo("55");
    }

    private static void assertDeliveredOnce(Counts before, int acknowledged, int rejected) {
        Awaitility.await().pollInterval(5, TimeUnit.MILLISECONDS).untilAsserted(() -> assertThat(Counts.of(server))
                .isEqualTo(new Counts(
                        before.consumed() + acknowledged + rejected,
                        before.acknowledged() + acknowledged,
                        before.rejected() + rejected,
                        before.consumers())));
    }

    private record Counts(int consumed, int acknowledged, int rejected, int consumers) {

        int settled() {
            return acknowledged + rejected;
        }

        static Counts of(TestServer server) {
            return new Counts(
                    server.count("rabbitmq.consumed"),
                    server.count("rabbitmq.acknowledged"),
                    server.count("rabbitmq.rejected"),
                    server.consumersStarted());
        }
    }

    private static BasicProperties.Builder properties() {
        return RawClient.properties();
    }

    private static Arguments body(String name, byte[] body) {
        return arguments(name, properties().build(), body, "INVALID_ARGUMENT");
    }

    private static Arguments header(String name, @Nullable Object value, String status) {
        return arguments(
                "header " + name,
                properties().headers(Collections.singletonMap(name, value)).build(),
                THIRTY,
                status);
    }

    private static Map<String, Object> many(int count) {
        Map<String, Object> headers = new HashMap<>();
        IntStream.range(0, count).forEach(i -> headers.put("h" + i, i));
        return headers;
    }

    private static Object nested(int depth) {
        Map<String, Object> table = new HashMap<>();
        for (int i = 0; i < depth; i++) {
            table = new HashMap<>(Map.of("t", table));
        }
        return table;
    }

    private static Object nestedLists(int depth) {
        List<Object> list = List.of();
        for (int i = 0; i < depth; i++) {
            list = List.of(list);
        }
        return list;
    }

    private static byte[] serialized() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(List.of("a"));
        }
        return bytes.toByteArray();
    }

    private interface Sending {
        void run() throws Exception;
    }

    /** The client that sends writes nested tables recursively: give it the stack for that. */
    private static void deep(Sending sending) throws Exception {
        Throwable[] failure = new Throwable[1];
        Thread thread = new Thread(
                null,
                () -> {
                    try {
                        sending.run();
                    } catch (Throwable ex) {
                        failure[0] = ex;
                    }
                },
                "deep",
                512L << 20);
        thread.start();
        thread.join(10_000);
        assertThat(failure[0]).isNull();
    }
}
