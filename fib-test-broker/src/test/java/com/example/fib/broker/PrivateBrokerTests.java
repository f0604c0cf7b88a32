package com.example.fib.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("faults")
class PrivateBrokerTests {

    private static TestBroker broker;

    @BeforeAll
    static void start() {
        broker = TestBroker.start("channel_max = 64");
    }

    @AfterAll
    static void close() {
        broker.close();
    }

    @AfterEach
    void mend() throws Exception {
        try {
            broker.connect().close();
        } catch (UncheckedIOException e) {
            broker.restart(); // a failed test must not fail the next
        }
    }

    @Test
    void aKilledBrokerRefusesConnectionsUntilItIsRestartedOnTheSamePortWithItsDurableQueues() throws Exception {
        int port = broker.port();
        Connection connection = broker.connect();
        connection.createChannel().queueDeclare("kept", true, false, false, Map.of());
        // RabbitMQ 3 may say that a queue is declared 2 s before it is on disk. Without Mnesia, as in 4.3, this does
        // nothing.
        broker.ctl("eval", "mnesia:sync_log().");

        broker.kill();

        Awaitility.await().atMost(Duration.ofSeconds(2)).until(() -> !connection.isOpen());
        assertThatThrownBy(broker::connect).isInstanceOf(UncheckedIOException.class);

        broker.restart();

        RoundTrip.over(broker);
        assertThat(broker.port()).isEqualTo(port);
        assertThat(broker.ctl("list_queues", "name")).isEqualTo("kept");
    }

    @Test
    void aFrozenBrokerKeepsItsConnectionsAndAnswersAfterItsResume() throws Exception {
        try (Connection connection = broker.connect();
                Channel channel = connection.createChannel()) {
            broker.freeze();
            CompletableFuture<String> declared = CompletableFuture.supplyAsync(() -> declare(channel));
            Awaitility.await().during(Duration.ofSeconds(1)).until(() -> !declared.isDone() && connection.isOpen());

            broker.resume();

            assertThat(declared)
                    .succeedsWithin(Duration.ofSeconds(5))
                    .asString()
                    .startsWith("amq.gen-");
        }
    }

    @Test
    void aStoppedBrokerComesBack() throws Exception {
        broker.stop();
        assertThatThrownBy(broker::connect).isInstanceOf(UncheckedIOException.class);
        broker.restart();
        RoundTrip.over(broker);
    }

    @Test
    void itsSettingsHold() throws Exception {
        try (Connection connection = broker.connect()) {
            assertThat(connection.getChannelMax()).isEqualTo(64);
        }
    }

    @Test
    void asAGivenBrokerItKeepsWhatTestsHaveNotMade() throws Exception {
        GivenBroker given = (GivenBroker) SharedBroker.find("", Map.of("RABBITMQ_URL", broker.uri()));
        try (Connection connection = broker.connect();
                Channel channel = connection.createChannel()) {
            channel.queueDeclare("rpc_queue", true, false, true, Map.of());
            channel.basicPublish("", "rpc_queue", null, new byte[] {'1'});
            channel.queueDeclare(given.queue(), true, false, false, Map.of());
            channel.queueDeclare(given.newQueue(), true, false, false, Map.of());

            given.deleteQueue();
            given.deleteQueues();

            assertThat(channel.queueDelete("rpc_queue").getMessageCount()).isEqualTo(1);
            assertThat(broker.ctl("list_queues", "name")).doesNotContain("fib-test-");
        }
    }

    @Test
    void aCommandThatFailsSaysWhatItPrinted() {
        assertThatThrownBy(() -> broker.ctl("no_such_command"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no_such_command");
    }

    private static String declare(Channel channel) {
        try {
            return channel.queueDeclare().getQueue();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
