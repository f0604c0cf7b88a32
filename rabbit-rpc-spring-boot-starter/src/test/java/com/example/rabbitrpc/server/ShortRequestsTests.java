package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.example.rabbitrpc.ShortRequests;
import com.rabbitmq.client.Delivery;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;

@ExtendWith(OutputCaptureExtension.class)
class ShortRequestsTests {

    private static final String LONG = "40000000"; // two seconds

    @Test
    void theyAreAnsweredWhileEveryWorkerIsBusy() throws Exception {
        try (RawClient client = new RawClient(TestBroker.shared());
                TestServer server = TestServer.startWith(
                        ThreeDigits.class,
                        TestBroker.shared(),
                        "rabbit.rpc.server.workers=1",
                        "test.max-n=100000000")) {
            send(client, server, LONG);
            for (int i = 0; i < 100; i++) {
                send(client, server, "30");
            }

            for (int i = 0; i < 100; i++) {
                assertThat(RawClient.body(client.reply(1_500))).isEqualTo("832040");
            }
            assertThat(client.reply(10_000).getBody()).hasSizeGreaterThan(1_000_000);
            // Refusals are short, too: the body decides.
            send(client, server, "x");
            assertThat(client.reply(5_000).getProperties().getHeaders().get("x-rpc-status"))
                    .hasToString("INVALID_ARGUMENT");
        }
    }

    @Test
    void aBeanThatFailsLeavesThemToWorkers(CapturedOutput output) throws Exception {
        try (RawClient client = new RawClient(TestBroker.shared());
                TestServer server = TestServer.startWith(Failing.class, TestBroker.shared())) {
            send(client, server, "30");
            assertThat(RawClient.body(client.reply(5_000))).isEqualTo("832040");
            assertThat(output).contains("ShortRequests failed");
        }
    }

    /** Otherwise nobody would notice: heartbeats are read by the same thread. */
    @Tag("faults")
    @Test
    void oneThatTakesLongCostsItsConnectionAndNothingElse(CapturedOutput output) throws Exception {
        try (RawClient client = new RawClient(TestBroker.shared());
                TestServer server = TestServer.startWith(Stuck.class, TestBroker.shared())) {
            try {
                send(client, server, "30");
                assertThat(Stuck.begun.await(5, TimeUnit.SECONDS)).isTrue();
                send(client, server, "31");

                // Both are delivered again, on the next connection.
                Delivery first = client.reply(30_000);
                Delivery second = client.reply(5_000);
                assertThat(RawClient.body(first) + " " + RawClient.body(second)).isEqualTo("832040 1346269");
                assertThat(output).contains("nothing was read from it for 10 s");
            } finally {
                Stuck.end.countDown();
            }
        }
    }

    private static void send(RawClient client, TestServer server, String n) throws Exception {
        client.send(server.queue(), RawClient.properties().build(), n.getBytes(UTF_8));
    }

    @TestConfiguration(proxyBeanMethods = false)
    static class ThreeDigits {

        @Bean
        ShortRequests shortRequests() {
            return request -> request.getBody().length <= 3;
        }
    }

    @TestConfiguration(proxyBeanMethods = false)
    static class Failing {

        @Bean
        ShortRequests shortRequests() {
            return request -> {
                throw new IllegalStateException("test");
            };
        }
    }

    /** Its first request waits for the end of the test. */
    @TestConfiguration(proxyBeanMethods = false)
    static class Stuck {

        private static final CountDownLatch begun = new CountDownLatch(1);
        private static final CountDownLatch end = new CountDownLatch(1);

        @Bean
        ShortRequests shortRequests() {
            return request -> true;
        }

        @Bean
        @Primary
        IntFunction<String> stuckAtFirst() {
            AtomicInteger requests = new AtomicInteger();
            return n -> {
                if (requests.getAndIncrement() == 0) {
                    begun.countDown();
                    try {
                        end.await();
                    } catch (InterruptedException ex) {
                        Thread.currentThread().interrupt();
                    }
                }
                return TestApplication.fibonacci(n);
            };
        }
    }
}
