package com.example.rabbitrpc.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A queue that is somebody else's alone: the server waits for it, and says so in few lines. */
@Tag("faults")
@ExtendWith(OutputCaptureExtension.class)
class ExclusiveTests {

    private static final Duration WATCHED = Duration.ofSeconds(6);

    private final String queue = "rpc-test-" + UUID.randomUUID();

    @Test
    void consumerOfSomebodyElse(CapturedOutput output) throws Exception {
        Connection other = TestBroker.shared().connect();
        try {
            Channel channel = other.createChannel();
            channel.queueDeclare(queue, true, false, false, Map.of());
            channel.basicConsume(queue, true, "", false, true, Map.of(), (tag, delivery) -> {}, tag -> {});
            assertWaitsInFewLines(channel, output);
            assertThat(output).contains("Somebody else alone may consume from " + queue);
        } finally {
            other.abort(1_000);
        }
    }

    @Test
    void queueOfAnotherConnection(CapturedOutput output) throws Exception {
        Connection other = TestBroker.shared().connect();
        try {
            Channel channel = other.createChannel();
            channel.queueDeclare(queue, true, true, false, Map.of());
            assertWaitsInFewLines(channel, output);
        } finally {
            other.abort(1_000);
        }
    }

    /** It consumes within a second or two once the queue is free. */
    private void assertWaitsInFewLines(Channel theirs, CapturedOutput output) throws Exception {
        try (TestServer server = TestServer.startWithoutWaiting(TestBroker.shared(), queue)) {
            await().during(WATCHED).atMost(WATCHED.plusSeconds(2)).until(() -> server.health("listener")
                    .equals("DOWN"));
            assertThat(output.toString().lines().filter(line -> line.contains("WARN") || line.contains("ERROR")))
                    .hasSizeBetween(1, 8);
            assertThat(output).doesNotContain("\tat ");
            theirs.getConnection().close(1_000);
            server.awaitConsuming(5);
            try (RawClient client = new RawClient(TestBroker.shared())) {
                assertThat(RawClient.body(client.call(queue, "30"))).isEqualTo("832040");
                client.channel.queueDelete(queue);
            }
        }
    }
}
