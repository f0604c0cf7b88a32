package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Delivery;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Positive;
import java.io.ByteArrayOutputStream;
import java.io.ObjectOutputStream;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.rabbit.annotation.Queue;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.support.AmqpHeaders;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Headers;

/** Listener methods of every shape, in one application beside one on Boot's own factory. */
class ListenerTests {

    private static final String RPC = "rpcListenerContainerFactory";
    private static final String PREFIX = "rpc-test-listeners-";

    private static TestServer server;

    private RawClient client;

    @BeforeAll
    static void start() {
        server = TestServer.startWith(Listeners.class, TestBroker.shared());
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
        try (RawClient client = new RawClient(TestBroker.shared())) {
            for (String queue : Listeners.QUEUES) {
                client.channel.queueDelete(PREFIX + queue);
            }
        }
    }

    @BeforeEach
    void connect() throws Exception {
        client = new RawClient(TestBroker.shared());
    }

    @AfterEach
    void disconnect() throws Exception {
        client.close();
    }

    static Stream<Arguments> answers() {
        return Stream.of(
                arguments("text", null, "\u00e9\u4e2d", "\u00e9\u4e2d!", "text/plain"),
                arguments("text", "text/plain; charset=utf-8", "a", "a!", "text/plain"),
                arguments("text", "application/octet-stream", "a", "a!", "text/plain"),
                arguments("int", "text/plain", "41", "42", "text/plain"),
                arguments("long", "text/plain", "9223372036854775806", "9223372036854775807", "text/plain"),
                arguments("big", null, "9".repeat(30), "1" + "0".repeat(30), "text/plain"),
                arguments("bytes", null, "ab", "ba", "application/octet-stream"),
                arguments(
                        "order",
                        "application/json",
                        "{\"sku\":\"a\",\"quantity\":2}",
                        "{\"sku\":\"a\",\"total\":4}",
                        "application/json"),
                arguments(
                        "orders",
                        "application/json;charset=UTF-8",
                        "[{\"sku\":\"a\",\"quantity\":2},{\"sku\":\"b\",\"quantity\":3}]",
                        "5",
                        "text/plain"),
                arguments("message", "anything", "\u0000", "1 anything", "text/plain"),
                arguments("null", null, "x", "", "text/plain"));
    }

    @ParameterizedTest
    @MethodSource("answers")
    void takesAndReturnsWhatItDeclares(
            String queue, @Nullable String contentType, String body, String answer, String answerType)
            throws Exception {
        Delivery reply = call(queue, contentType, body.getBytes(UTF_8));

        assertThat(RawClient.header(reply, "x-rpc-status")).isEqualTo("OK");
        assertThat(new String(reply.getBody(), UTF_8)).isEqualTo(answer);
        assertThat(reply.getProperties().getContentType()).isEqualTo(answerType);
    }

    @Test
    void takesNothingButHeaders() throws Exception {
        BasicProperties properties = RawClient.properties()
                .headers(Map.of("tenant", "t1", "nested", Map.of("a", List.of(1, "b"))))
                .messageId("m")
                .build();

        Delivery reply = client.call(PREFIX + "headers", properties, "", 2_000);

        assertThat(RawClient.body(reply)).isEqualTo("t1 7 false {a=[1, b]} m");
    }

    static Stream<Arguments> hostileHeaders() {
        return Stream.of(
                arguments(Map.of(), "INVALID_ARGUMENT"),
                arguments(Map.of("tenant", "t", "limit", "many"), "INVALID_ARGUMENT"),
                arguments(Map.of("tenant", Map.of("a", 1), "limit", List.of()), "INVALID_ARGUMENT"),
                arguments(Map.of("tenant", "t", "id", "no-uuid", "timestamp", "never"), "OK"),
                arguments(Map.of("tenant", "t", "amqp_redelivered", "maybe", "contentType", "\r\n"), "OK"),
                arguments(
                        Map.of("tenant", "t", "amqp_deliveryTag", List.of(), "__TypeId__", "java.lang.Runtime"), "OK"));
    }

    @ParameterizedTest
    @MethodSource("hostileHeaders")
    void survivesHeadersOfStrangers(Map<String, Object> headers, String status) throws Exception {
        Delivery reply = client.call(
                PREFIX + "headers", RawClient.properties().headers(headers).build(), "", 2_000);

        assertThat(RawClient.header(reply, "x-rpc-status")).isEqualTo(status);
        assertThat(RawClient.body(reply)).doesNotContain("Exception", "java.", "org.");
    }

    static Stream<Arguments> refusals() throws Exception {
        String json = "application/json";
        return Stream.of(
                arguments("order", json, "{\"sku\":", "INVALID_ARGUMENT"),
                arguments("order", json, "[1,2]", "INVALID_ARGUMENT"),
                arguments("order", json, "\"text\"", "INVALID_ARGUMENT"),
                arguments("order", json, "null", "INVALID_ARGUMENT"),
                arguments("order", json, "", "INVALID_ARGUMENT"),
                arguments("order", json, "[".repeat(500_000), "INVALID_ARGUMENT"),
                arguments("orders", json, "[".repeat(500_000), "INVALID_ARGUMENT"),
                arguments("order", json, "{\"a\":".repeat(200_000), "INVALID_ARGUMENT"),
                arguments("order", json, "{\"sku\":\"a\",\"quantity\":1e999999999}", "INVALID_ARGUMENT"),
                arguments("order", null, "{\"sku\":\"a\",\"quantity\":2}", "INVALID_ARGUMENT"),
                arguments("order", "application/x-java-serialized-object", serialized(), "INVALID_ARGUMENT"),
                arguments("text", "application/x-java-serialized-object", serialized(), "INVALID_ARGUMENT"),
                arguments("text", json, "\"text\"", "INVALID_ARGUMENT"),
                arguments("text", null, "\u00c3(", "INVALID_ARGUMENT"),
                arguments("text", null, "", "INVALID_ARGUMENT"),
                arguments("text", null, "x".repeat((1 << 20) + 1), "INVALID_ARGUMENT"),
                arguments("int", null, "", "INVALID_ARGUMENT"),
                arguments("int", null, "-1", "INVALID_ARGUMENT"),
                arguments("int", null, "+1", "INVALID_ARGUMENT"),
                arguments("int", null, " 1", "INVALID_ARGUMENT"),
                arguments("int", null, "1 ", "INVALID_ARGUMENT"),
                arguments("int", null, "2147483648", "OUT_OF_RANGE"),
                arguments("int", null, "\u00d9\u00a1", "INVALID_ARGUMENT"),
                arguments("long", null, "9223372036854775808", "OUT_OF_RANGE"),
                arguments("big", null, "1".repeat(1_001), "INVALID_ARGUMENT"),
                arguments("refusing", null, "x", "OUT_OF_RANGE"),
                arguments("failing", null, "x", "INTERNAL"));
    }

    /** Strings stand for bytes here. */
    @ParameterizedTest
    @MethodSource("refusals")
    void refusesOnceWithASentenceAndGoesOn(String queue, @Nullable String contentType, String body, String status)
            throws Exception {
        int consumed = server.count("rabbitmq.consumed");

        Delivery reply = call(queue, contentType, body.getBytes(ISO_8859_1));

        assertThat(RawClient.header(reply, "x-rpc-status")).isEqualTo(status);
        assertThat(RawClient.body(reply))
                .matches("[A-Z][^\\n]*\\.")
                .doesNotContain("Exception", "java.", "com.example", "tools.jackson", "secret");
        assertThat(RawClient.body(call("int", null, "1".getBytes(UTF_8)))).isEqualTo("2");
        assertThat(server.count("rabbitmq.consumed")).isEqualTo(consumed + 2);
    }

    @Test
    void neverBelievesATypeHeader() throws Exception {
        BasicProperties properties = RawClient.properties()
                .contentType("application/json")
                .headers(Map.of("__TypeId__", "java.util.HashMap", "__ContentTypeId__", "java.lang.Object"))
                .build();

        Delivery reply = client.call(PREFIX + "order", properties, "{\"sku\":\"a\",\"quantity\":2}", 2_000);

        assertThat(RawClient.body(reply)).isEqualTo("{\"sku\":\"a\",\"total\":4}");
    }

    @Test
    void saysWhichFieldIsNotValid() throws Exception {
        Delivery reply = call("order", "application/json", "{\"sku\":\"a\",\"quantity\":-2}".getBytes(UTF_8));

        assertThat(RawClient.header(reply, "x-rpc-status")).isEqualTo("INVALID_ARGUMENT");
        assertThat(RawClient.body(reply)).isEqualTo("The field quantity is not valid: must be greater than 0.");
    }

    @Test
    void leavesListenersOnBootsFactoryAlone() throws Exception {
        client.send(
                PREFIX + "plain",
                new BasicProperties.Builder().contentType("text/plain").build(),
                "x".getBytes(UTF_8));

        assertThat(server.bean(Listeners.class).plain.poll(2, TimeUnit.SECONDS)).isEqualTo("x");
    }

    @Test
    void aSlowListenerHoldsUpNoOtherAndHasWorkersOfItsOwn() throws Exception {
        Listeners listeners = server.bean(Listeners.class);
        for (int i = 0; i < 20; i++) {
            client.send(PREFIX + "slow", RawClient.properties().build(), "x".getBytes(UTF_8));
        }
        await().until(() -> listeners.slow.get() == 4);

        for (int i = 0; i < 20; i++) {
            assertThat(RawClient.body(call("int", null, "1".getBytes(UTF_8)))).isEqualTo("2");
        }
        assertThat(listeners.slow).hasValue(4); // concurrency = "4"

        listeners.goOn.countDown();
        for (int i = 0; i < 20; i++) {
            assertThat(RawClient.body(client.reply(2_000))).isEqualTo("done");
        }
    }

    private Delivery call(String queue, @Nullable String contentType, byte[] body) throws Exception {
        client.send(
                PREFIX + queue, RawClient.properties().contentType(contentType).build(), body);
        return client.reply(5_000);
    }

    private static String serialized() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(new ArrayList<>(List.of("a")));
        }
        return bytes.toString(ISO_8859_1);
    }

    record Order(@NotBlank String sku, @Positive int quantity) {}

    record Quote(String sku, int total) {}

    @TestConfiguration(proxyBeanMethods = false)
    static class Listeners {

        static final List<String> QUEUES = List.of(
                "text",
                "int",
                "long",
                "big",
                "bytes",
                "order",
                "orders",
                "message",
                "headers",
                "null",
                "refusing",
                "failing",
                "slow",
                "plain");

        final BlockingQueue<String> plain = new LinkedBlockingQueue<>();
        final AtomicInteger slow = new AtomicInteger();
        final CountDownLatch goOn = new CountDownLatch(1);

        @RabbitListener(queuesToDeclare = @Queue(PREFIX + "text"), containerFactory = RPC)
        String text(String text) {
            return text + "!";
        }

        @RabbitListener(queuesToDeclare = @Queue(PREFIX + "int"), containerFactory = RPC)
        int integer(int number) {
            return number + 1;
        }

        @RabbitListener(queuesToDeclare = @Queue(PREFIX + "long"), containerFactory = RPC)
        Long longInteger(Long number) {
            return number + 1;
        }

        @RabbitListener(queuesToDeclare = @Queue(PREFIX + "big"), containerFactory = RPC)
        BigInteger big(BigInteger number) {
            return number.add(BigInteger.ONE);
        }

        @RabbitListener(queuesToDeclare = @Queue(PREFIX + "bytes"), containerFactory = RPC)
        byte[] bytes(byte[] bytes) {
            return new byte[] {bytes[1], bytes[0]};
        }

        @RabbitListener(queuesToDeclare = @Queue(PREFIX + "order"), containerFactory = RPC)
        Quote order(@Valid Order order) {
            return new Quote(order.sku(), order.quantity() * 2);
        }

        @RabbitListener(queuesToDeclare = @Queue(PREFIX + "orders"), containerFactory = RPC)
        int orders(List<Order> orders) {
            return orders.stream().mapToInt(Order::quantity).sum();
        }

        @RabbitListener(queuesToDeclare = @Queue(PREFIX + "message"), containerFactory = RPC)
        String message(Message message) {
            return message.getBody().length + " "
                    + message.getMessageProperties().getContentType();
        }

        @RabbitListener(queuesToDeclare = @Queue(PREFIX + "headers"), containerFactory = RPC)
        String headers(
                @Header("tenant") String tenant,
                @Header(name = "limit", defaultValue = "7") int limit,
                @Header(AmqpHeaders.REDELIVERED) boolean redelivered,
                @Headers Map<String, Object> all) {
            return tenant + " " + limit + " " + redelivered + " " + all.get("nested") + " " + all.get("amqp_messageId");
        }

        @RabbitListener(queuesToDeclare = @Queue(PREFIX + "null"), containerFactory = RPC)
        @Nullable
        String nothing(String text) {
            return null;
        }

        @RabbitListener(queuesToDeclare = @Queue(PREFIX + "refusing"), containerFactory = RPC)
        String refusing(String text) {
            throw new RpcException(RpcStatus.OUT_OF_RANGE, "Too much of it.", new IllegalStateException("secret"));
        }

        @RabbitListener(queuesToDeclare = @Queue(PREFIX + "failing"), containerFactory = RPC)
        String failing(String text) {
            throw new IllegalArgumentException("secret");
        }

        @RabbitListener(queuesToDeclare = @Queue(PREFIX + "slow"), containerFactory = RPC, concurrency = "4")
        String slow(String text) throws InterruptedException {
            slow.incrementAndGet();
            goOn.await();
            return "done";
        }

        @RabbitListener(queuesToDeclare = @Queue(PREFIX + "plain"))
        void plain(String text) {
            plain.add(text);
        }
    }
}
