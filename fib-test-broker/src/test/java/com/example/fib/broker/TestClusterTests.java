package com.example.fib.broker;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("faults")
class TestClusterTests {

    @Test
    void aQuorumQueueOutlivesItsLeader() throws Exception {
        try (TestCluster cluster = TestCluster.start()) {
            assertThat(cluster.properties()
                            .getOrDefault("spring.rabbitmq.addresses", "")
                            .split(",", -1))
                    .hasSize(3);
            try (Connection connection = cluster.node(2).connect();
                    Channel channel = connection.createChannel()) {
                channel.queueDeclare("q", true, false, false, Map.of("x-queue-type", "quorum"));
            }
            TestBroker leader = cluster.node(cluster.node(1).ctl("list_queues", "leader"));
            TestBroker other = cluster.nodes().stream()
                    .filter(node -> node != leader)
                    .findFirst()
                    .orElseThrow();

            leader.kill();
            // Until the other two have elected one of them, a publish may be refused.
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .ignoreExceptions()
                    .untilAsserted(() -> publishConfirmed(other));

            leader.restart();
            RoundTrip.over(leader);
            assertThat(leader.ctl("await_online_nodes", "3")).doesNotContain("Error");
        }
    }

    private static void publishConfirmed(TestBroker broker) throws Exception {
        try (Connection connection = broker.connect();
                Channel channel = connection.createChannel()) {
            channel.confirmSelect();
            channel.basicPublish("", "q", null, new byte[] {'1'});
            channel.waitForConfirmsOrDie(5_000);
        }
    }
}
