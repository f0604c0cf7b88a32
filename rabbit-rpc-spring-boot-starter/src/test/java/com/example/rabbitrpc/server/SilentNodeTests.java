package com.example.rabbitrpc.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.Promised;
import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A node that takes connections and says nothing on them, beside the one that the server uses. RabbitMQ below 4 has the first reply to an
 * address tried on another connection: that one must not go to the silent node first, and what is known waits for no trial.
 */
@Tag("faults")
class SilentNodeTests {

    @Test
    void holdsUpNoReply() throws Exception {
        TestBroker broker = TestBroker.shared();
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                TestServer server = TestServer.startWithoutWaiting(
                        broker,
                        broker.newQueue(),
                        "spring.rabbitmq.address-shuffle-mode=none",
                        "spring.rabbitmq.addresses=127.0.0.1:" + silent.getLocalPort() + "," + broker.host() + ":"
                                + broker.port())) {
            server.awaitConsuming(20);
            for (int i = 0; i < 3; i++) {
                try (RawClient client = new RawClient(broker)) { // each with an address that the server has never seen
                    long start = System.nanoTime();
                    assertThat(RawClient.body(client.call(
                                    server.queue(), RawClient.properties().build(), "30", 1_000)))
                            .isEqualTo("832040");
                    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Promised.within(500));
                }
            }
        }
    }
}
