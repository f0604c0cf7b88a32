package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.Promised;
import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.Delivery;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;

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

    /** All workers of one server are busy while it stops: what it had fetched is another's at once, and so is what comes then. */
    @Test
    void givesToAnotherServerWhatHasNotBegun() throws Exception {
        try (RawClient client = new RawClient(TestBroker.shared())) {
            TestServer stopping = TestServer.startWith(Blocking.class, TestBroker.shared());
            for (int i = 0; i < 8; i++) {
                client.send(stopping.queue(), RawClient.properties().build(), "1".getBytes(UTF_8));
            }
            for (int i = 0; i < 20; i++) {
                client.send(stopping.queue(), RawClient.properties().build(), "10".getBytes(UTF_8));
            }
            awaitFetched(stopping, 28);
            try (TestServer other = TestServer.startOn(TestBroker.shared(), stopping.queue())) {
                assertThat(client.replies).isEmpty();
                CompletableFuture<Void> stop = CompletableFuture.runAsync(stopping::close);
                for (int i = 0; i < 20; i++) {
                    assertThat(RawClient.body(client.reply(2_000))).isEqualTo("55");
                }
                for (int i = 0; i < 50; i++) {
                    assertThat(RawClient.body(client.call(stopping.queue(), "10")))
                            .isEqualTo("55");
                }
                assertThat(stop).isNotDone();
                assertThat(other.count("rabbitmq.consumed")).isEqualTo(70);

                Blocking.goOn.countDown();
                for (int i = 0; i < 8; i++) {
                    assertThat(RawClient.body(client.reply(2_000))).isEqualTo("done");
                }
                stop.get(5, TimeUnit.SECONDS);
                assertThat(client.replies).isEmpty();
            }
            assertThat(client.channel.messageCount(stopping.queue())).isZero();
        }
    }

    @TestConfiguration
    static class Blocking {

        static final CountDownLatch goOn = new CountDownLatch(1);

        @Bean
        @Primary
        IntFunction<String> blocking() {
            return n -> {
                if (n == 1) {
                    await().atMost(Duration.ofSeconds(60)).until(() -> goOn.getCount() == 0);
                    return "done";
                }
                return TestApplication.fibonacci(n);
            };
        }
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
