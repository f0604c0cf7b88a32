package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.Promised;
import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.Delivery;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class GracefulStopTests {

    private static final String EXPENSIVE = "10000000";

    @Test
    void answersWhatIsBeingComputedAndPutsTheRestBack(CapturedOutput output) throws Exception {
        try (RawClient client = new RawClient(TestBroker.shared())) {
            TestServer server = TestServer.start(
                    TestBroker.shared(),
                    "test.max-n=100000000",
                    "rabbit.rpc.server.workers=3",
                    "spring.rabbitmq.listener.direct.prefetch=60");
            for (int i = 0; i < 3; i++) {
                client.send(server.queue(), RawClient.properties().build(), EXPENSIVE.getBytes(UTF_8));
            }
            awaitFetched(server, 3);
            for (int i = 0; i < 50; i++) {
                client.send(server.queue(), RawClient.properties().build(), "10".getBytes(UTF_8));
            }
            awaitFetched(server, 53);
            assertThat(client.replies).isEmpty();

            server.close();

            for (int i = 0; i < 3; i++) {
                Delivery reply = client.reply(5_000);
                assertThat(RawClient.header(reply, "x-rpc-status")).isEqualTo("OK");
                assertThat(reply.getBody()).hasSizeGreaterThan(1_000_000);
            }
            assertThat(client.replies).isEmpty();
            assertThat(client.channel.messageCount(server.queue())).isEqualTo(50);

            try (TestServer next = TestServer.startOn(TestBroker.shared(), server.queue())) {
                for (int i = 0; i < 50; i++) {
                    assertThat(RawClient.body(client.reply(2_000))).isEqualTo("55");
                }
                assertThat(next.count("rabbitmq.consumed")).isEqualTo(50);
            }
        }
        assertThat(output).doesNotContain("\tat ", "ERROR");
    }

    @Test
    @Tag("faults")
    @Tag("short")
    void isQuickWhenIdle() {
        TestServer server = TestServer.start(TestBroker.shared());
        long start = System.nanoTime();

        server.close();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Promised.within(2_000));
    }

    private static void awaitFetched(TestServer server, int messages) {
        Awaitility.await()
                .pollInterval(5, TimeUnit.MILLISECONDS)
                .until(() -> server.count("rabbitmq.consumed") == messages);
    }
}
