package com.example.rabbitrpc.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.Promised;
import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@Tag("faults")
@ExtendWith(OutputCaptureExtension.class)
class RecoveryTests {

    private static TestBroker broker;

    private final String queue = "rpc-test-" + UUID.randomUUID();

    @BeforeAll
    static void start() {
        broker = TestBroker.start();
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @Test
    @Tag("short")
    void consumesAgainAfterItsConnectionsWereClosed(CapturedOutput output) throws Exception {
        try (TestServer server = TestServer.startOn(broker, queue)) {
            for (int i = 0; i < 3; i++) {
                int started = server.consumersStarted();
                broker.ctl("close_all_connections", "test");
                Awaitility.await().atMost(Promised.within(1_500)).until(() -> server.consumersStarted() == started + 1);
                assertAnswers();
            }
        }
        assertThat(output).doesNotContain("\tat ");
    }

    @Test
    @Tag("short")
    void consumesAgainAfterTheBrokerWasKilled(CapturedOutput output) throws Exception {
        try (TestServer server = TestServer.startOn(broker, queue)) {
            broker.kill();
            broker.restart();
            server.awaitConsuming(2);
            assertAnswers();
        }
        assertThat(output).doesNotContain("\tat ");
    }

    @Test
    void startsWithoutABrokerAndIsReadyWhenItComes(CapturedOutput output) throws Exception {
        broker.stop();
        try (TestServer server = TestServer.startWithoutWaiting(broker, queue)) {
            assertThat(server.health("listener")).isEqualTo("DOWN");
            broker.restart();
            server.awaitConsuming(2);
            assertAnswers();
        }
        assertThat(output).contains("No connection to the broker").doesNotContain("\tat ");
    }

    @Test
    void consumesAgainAfterTheBrokerWasFrozenLongerThanEveryTimeout() throws Exception {
        try (TestServer server = TestServer.startOn(broker, queue)) {
            broker.freeze();
            try {
                Awaitility.await().atMost(25, TimeUnit.SECONDS).until(() -> server.health("listener")
                        .equals("DOWN"));
                // Now connecting times out again and again.
                Awaitility.await().pollDelay(5, TimeUnit.SECONDS).until(() -> true);
            } finally {
                broker.resume();
            }
            server.awaitConsuming(3);
            assertAnswers();
        }
    }

    @Test
    @Tag("short")
    void triesAgainWhileItsPasswordIsWrongAndKeepsItToItself(CapturedOutput output) throws Exception {
        String wrong = "wrong-" + UUID.randomUUID();
        try (TestServer server = TestServer.startWithoutWaiting(broker, queue, "spring.rabbitmq.password=" + wrong)) {
            String refused = "No connection to the broker, trying again: "
                    + "'com.rabbitmq.client.AuthenticationFailureException: ACCESS_REFUSED";
            // It is said less and less often.
            Awaitility.await()
                    .atMost(30, TimeUnit.SECONDS)
                    .until(() -> output.toString().split(refused, -1).length > 3);
            assertThat(server.health("broker")).isEqualTo("DOWN");
            broker.ctl("change_password", "guest", wrong);
            try {
                server.awaitConsuming(5);
            } finally {
                broker.ctl("change_password", "guest", "guest");
            }
            assertAnswers();
        }
        assertThat(output).doesNotContain(wrong).doesNotContain("\tat ");
    }

    /** Addresses that are new are tried on a connection of their own; a caller must not suffer where there is none. */
    @Test
    @Tag("short")
    void answersNewCallersWhereTheBrokerAllowsNoFurtherConnection() throws Exception {
        try (TestServer server = TestServer.startOn(broker, queue);
                RawClient client = new RawClient(broker)) {
            broker.ctl("set_user_limits", "guest", "{\"max-connections\":1}");
            try {
                assertThat(RawClient.body(
                                client.call(queue, RawClient.properties().build(), "30", 5_000)))
                        .isEqualTo("832040");
                assertThat(server.count("rabbitmq.rejected")).isZero();
            } finally {
                broker.ctl("clear_user_limits", "guest", "all");
            }
        }
    }

    private void assertAnswers() throws Exception {
        try (RawClient client = new RawClient(broker)) {
            assertThat(RawClient.body(client.call(queue, "30"))).isEqualTo("832040");
        }
    }
}
