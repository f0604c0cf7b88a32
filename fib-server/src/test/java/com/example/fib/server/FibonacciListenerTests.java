package com.example.fib.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole server by its queue, with every setting of its own. */
class FibonacciListenerTests {

    @Test
    void answersWithDigitsUpToItsLimit() throws Exception {
        try (FibServer server = FibServer.start(
                        TestBroker.shared(), "fib.max-n=1000", "fib.instance-id=server-1", "fib.workers=2");
                RawClient client = new RawClient(TestBroker.shared())) {
            assertReply(client.call(server.queue(), "0"), "OK", "0");
            assertReply(client.call(server.queue(), "30"), "OK", "832040");
            assertReply(client.call(server.queue(), "00000000000000000030"), "OK", "832040");
            Delivery largest = client.call(server.queue(), "1000");
            assertThat(largest.getBody()).hasSize(209);
            assertThat(RawClient.header(largest, "x-rpc-server")).isEqualTo("server-1");
            assertReply(client.call(server.queue(), "1001"), "OUT_OF_RANGE", "n must not be above 1000.");
            assertThat(RawClient.header(client.call(server.queue(), "4294967296"), "x-rpc-status"))
                    .isEqualTo("OUT_OF_RANGE");
            assertThat(RawClient.header(client.call(server.queue(), "thirty"), "x-rpc-status"))
                    .isEqualTo("INVALID_ARGUMENT");
            assertThat(server.metrics()
                            .get("executor.pool.max")
                            .tag("name", "rpc-workers")
                            .gauge()
                            .value())
                    .isEqualTo(2);
        }
    }

    private static void assertReply(Delivery reply, String status, String body) {
        assertThat(RawClient.header(reply, "x-rpc-status")).isEqualTo(status);
        assertThat(RawClient.body(reply)).isEqualTo(body);
        assertThat(reply.getProperties().getContentType()).isEqualTo("text/plain");
    }

    @ParameterizedTest
    @CsvSource({"classic, true", "quorum, true"})
    void declaresTheQueueThatIsAskedFor(String type, boolean durable) throws Exception {
        try (FibServer server =
                        FibServer.start(TestBroker.shared(), "fib.queue.type=" + type, "fib.queue.durable=" + durable);
                Connection connection = TestBroker.shared().connect()) {
            Channel channel = connection.createChannel();
            channel.queueDeclare(
                    server.queue(),
                    durable,
                    false,
                    false,
                    type.equals("quorum") ? Map.of("x-queue-type", "quorum") : Map.of());
            channel.queueDelete(server.queue());
        }
    }

    @Test
    void answersIntoQueuesThatThePatternAllows() throws Exception {
        try (FibServer server = FibServer.start(TestBroker.shared(), "fib.reply-to-pattern=replies-\\w+");
                RawClient client = new RawClient(TestBroker.shared())) {
            client.channel.queueDeclare("replies-ours", false, true, true, Map.of());
            client.channel.basicConsume("replies-ours", true, (tag, reply) -> client.replies.add(reply), tag -> {});

            Delivery reply = client.call(
                    server.queue(),
                    RawClient.properties().replyTo("replies-ours").build(),
                    "30",
                    1_000);

            assertReply(reply, "OK", "832040");
        }
    }

    static Stream<String> settingsThatCannotBe() {
        return Stream.of(
                "fib.workers=0",
                "fib.workers=many",
                "fib.instance-id=worker 1",
                "fib.instance-id=Z\u00fcrich-1",
                "fib.max-n=-1",
                "fib.queue.name=" + "x".repeat(256),
                "fib.queue.name=" + "\u00e9".repeat(150),
                "fib.queue.type=stream",
                "fib.reply-to-pattern=(",
                "spring.rabbitmq.listener.direct.prefetch=0");
    }

    @ParameterizedTest
    @MethodSource("settingsThatCannotBe")
    void refusesASettingThatCannotBe(String setting) {
        assertThatThrownBy(() -> FibServer.start(TestBroker.shared(), setting).close())
                .hasStackTraceContaining(setting.substring(setting.indexOf('.') + 1, setting.indexOf('='))
                        .replace("queue.", ""));
    }
}
