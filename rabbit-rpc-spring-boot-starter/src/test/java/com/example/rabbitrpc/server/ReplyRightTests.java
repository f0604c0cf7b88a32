package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A server that may read requests, and not write replies. */
@Tag("faults")
@ExtendWith(OutputCaptureExtension.class)
class ReplyRightTests {

    private static final String WARNING = "The broker refuses this server's replies";

    private static TestBroker broker;

    private final String queue = "rpc-test-" + UUID.randomUUID();

    @BeforeAll
    static void start() throws Exception {
        broker = TestBroker.start();
        broker.ctl("add_user", "reader", "reader");
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @Test
    void computesNothingUntilItMayReply(CapturedOutput output) throws Exception {
        broker.ctl("set_permissions", "reader", ".*", "^rpc-test-.*", ".*");
        try (RawClient client = new RawClient(broker);
                TestServer server = start("reader")) {
            await().until(() -> server.health("broker").equals("DOWN"));
            assertThat(server.health("listener")).isEqualTo("DOWN");
            client.send(queue, RawClient.properties().build(), "30".getBytes(UTF_8));
            await().during(Duration.ofSeconds(3)).until(() -> client.replies.isEmpty());
            assertThat(server.bean(ServerMetrics.class)).isInstanceOf(MicrometerServerMetrics.class);
            assertThat(answered(server)).isZero();
            assertThat(client.channel.messageCount(queue)).isEqualTo(1);

            broker.ctl("set_permissions", "reader", ".*", ".*", ".*");

            assertThat(RawClient.body(client.reply(35_000))).isEqualTo("832040");
            await().until(() -> server.health("broker").equals("UP"));
        }
        assertThat(output.toString().lines().filter(line -> line.contains(WARNING)))
                .hasSize(1);
        assertThat(output).doesNotContain("\tat ");
    }

    @Test
    void noticesWhenTheRightIsTaken() throws Exception {
        broker.ctl("set_permissions", "reader", ".*", ".*", ".*");
        try (RawClient client = new RawClient(broker);
                TestServer server = start("reader")) {
            server.awaitConsuming(10);
            assertThat(RawClient.body(client.call(queue, "30"))).isEqualTo("832040");

            broker.ctl("set_permissions", "reader", ".*", "^rpc-test-.*", ".*");
            // The broker remembers rights by channel, until that was idle for a second or more: so not request on
            // request.
            await().pollInterval(Duration.ofSeconds(4))
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> {
                        client.send(queue, RawClient.properties().build(), "30".getBytes(UTF_8));
                        return server.health("broker").equals("DOWN");
                    });
            long computed = answered(server);
            await().during(Duration.ofSeconds(2)).until(() -> answered(server) <= computed + 8);
        }
    }

    private TestServer start(String user) {
        return TestServer.startWithoutWaiting(
                broker, queue, "spring.rabbitmq.username=" + user, "spring.rabbitmq.password=" + user);
    }

    private static long answered(TestServer server) {
        return server.bean(MeterRegistry.class)
                .get("rpc.server.calls")
                .tag("outcome", "ok")
                .timer()
                .count();
    }
}
