package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.time.Duration;
import java.util.Map;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;

/** A server that gets nothing of a queue that is not empty. */
@ExtendWith(OutputCaptureExtension.class)
class StallTests {

    private static final String WARNING = "requests wait in the queue, and the broker delivers none";

    /** Another consumer is the single active one, and takes no more: what the broker's fault looks like from here. */
    @Test
    void closesItsConnectionOnceAndPausesBeforeTheNextTime(CapturedOutput output) throws Exception {
        String queue = TestBroker.shared().newQueue();
        try (Connection other = TestBroker.shared().connect();
                RawClient client = new RawClient(TestBroker.shared())) {
            Channel channel = other.createChannel();
            channel.queueDeclare(queue, true, false, false, Map.of("x-single-active-consumer", true));
            channel.basicQos(1);
            channel.basicConsume(queue, false, (tag, delivery) -> {}, tag -> {});
            try (TestServer server = TestServer.startOn(TestBroker.shared(), queue)) {
                for (int i = 0; i < 5; i++) {
                    client.send(queue, RawClient.properties().build(), "30".getBytes(UTF_8));
                }
                long start = System.nanoTime();
                await().atMost(Duration.ofSeconds(8)).until(() -> server.consumersStarted() == 2);
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(2));
                await().during(Duration.ofSeconds(6))
                        .atMost(Duration.ofSeconds(8))
                        .until(() -> server.consumersStarted() == 2 && warnings(output) == 1);
                assertThat(output.toString().lines().filter(line -> line.contains(WARNING)))
                        .singleElement()
                        .asString()
                        .contains("WARN", " 4 requests");

                channel.close();
                for (int i = 0; i < 5; i++) {
                    assertThat(RawClient.body(client.reply(2_000))).isEqualTo("832040");
                }
                assertThat(server.consumersStarted()).isEqualTo(2);
            }
        }
        assertThat(output).doesNotContain("\tat ");
    }

    @Test
    @Tag("faults")
    void leavesAnIdleServerAndABusyOneAlone(CapturedOutput output) throws Exception {
        try (TestServer idle = TestServer.start(TestBroker.shared());
                TestServer busy = TestServer.startWith(Slow.class, TestBroker.shared());
                RawClient client = new RawClient(TestBroker.shared())) {
            for (int i = 0; i < 40; i++) {
                client.send(busy.queue(), RawClient.properties().build(), "1".getBytes(UTF_8));
            }
            await().until(() -> client.channel.messageCount(busy.queue()) == 8);
            await().during(Duration.ofSeconds(5))
                    .atMost(Duration.ofSeconds(7))
                    .until(() -> client.channel.messageCount(busy.queue()) == 8 && client.replies.isEmpty());
            assertThat(idle.consumersStarted()).isEqualTo(1);
            assertThat(busy.consumersStarted()).isEqualTo(1);
        }
        assertThat(warnings(output)).isZero();
    }

    private static long warnings(CapturedOutput output) {
        return output.toString().lines().filter(line -> line.contains(WARNING)).count();
    }

    @TestConfiguration
    static class Slow {

        @Bean
        @Primary
        IntFunction<String> slow() {
            return n -> {
                await().pollDelay(Duration.ofSeconds(8)).until(() -> true);
                return "1";
            };
        }
    }
}
