package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.example.rabbitrpc.client.BrokerState;
import com.example.rabbitrpc.client.RpcTemplate;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.core.RabbitOperations;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** How many connections and channels there are, and what works with fewer: the table in docs/operations.md. */
@Tag("faults")
@ExtendWith(OutputCaptureExtension.class)
class ConnectionsTests {

    private static final Duration SOON = Duration.ofSeconds(10);
    private static final String NO_CALLS = "rabbit.rpc.client.enabled=false";

    @Test
    void areAsManyAsIsSaid() throws Exception {
        try (TestBroker broker = TestBroker.start();
                RawClient caller = new RawClient(broker)) {
            try (TestServer server = TestServer.start(broker, NO_CALLS)) {
                await().atMost(SOON).until(() -> server.health("broker").equals("UP"));
                assertThat(channels(broker)).as("a server, not called yet").containsExactly(2);
                assertThat(RawClient.body(caller.call(server.queue(), "30"))).isEqualTo("832040");
                assertThat(channels(broker)).as("a server").containsExactlyElementsOf(isOld(broker, List.of(2)));
            }
            try (TestServer both = TestServer.start(broker)) {
                await().atMost(SOON).until(() -> both.health("broker").equals("UP"));
                RabbitOperations rabbit = both.bean(RabbitOperations.class);
                assertThat(rabbit.convertSendAndReceive("", both.queue(), "30")).isEqualTo("832040");
                await().atMost(SOON).untilAsserted(() -> assertThat(channels(broker))
                        .as("with calls, two more")
                        .containsExactlyElementsOf(isOld(broker, List.of(1, 1, 2))));
            }
        }
    }

    /** With RabbitMQ 3 a connection more, for reply addresses that are new. */
    private static List<Integer> isOld(TestBroker broker, List<Integer> channels) {
        boolean old = broker.ctl("version").strip().startsWith("3");
        return old ? Stream.concat(Stream.of(1), channels.stream()).toList() : channels;
    }

    /** Of each connection of the application's, fewest first. */
    private static List<Integer> channels(TestBroker broker) {
        return broker.ctl("list_connections", "channels", "client_properties")
                .lines()
                .filter(line -> line.contains("test-server@") || line.contains("rpc-trial@"))
                .map(line -> Integer.parseInt(line.split("\t", 2)[0]))
                .sorted()
                .collect(Collectors.toList());
    }

    @ParameterizedTest
    @CsvSource({"1, UNKNOWN", "2, UP"})
    void answersWithFewChannels(int channels, String health, CapturedOutput output) throws Exception {
        try (TestBroker broker = TestBroker.start("channel_max = " + channels);
                TestServer server = TestServer.start(broker, NO_CALLS)) {
            RpcTemplate template = template(broker, "guest");
            try {
                for (int i = 0; i < 20; i++) {
                    assertThat(call(template, server)).isEqualTo("832040");
                }
                await().atMost(SOON).until(() -> server.health("broker").equals(health));
                await().atMost(SOON).until(() -> template.watch().reading(server.queue()) != null);
                // Longer than it takes to look whether an idle server is stalled.
                await().during(Duration.ofSeconds(4))
                        .atMost(SOON)
                        .until(() -> server.health("listener").equals("UP") && server.consumersStarted() == 1);
                assertThat(server.health("broker")).isEqualTo(health);
                assertThat(call(template, server)).isEqualTo("832040");
                assertThat(template.broker()).isEqualTo(BrokerState.UP);
            } finally {
                template.destroy();
            }
        }
        assertThat(output.toString().lines().filter(line -> line.contains("No channel is left to ask the broker by")))
                .hasSize(health.equals("UP") ? 0 : 1);
    }

    /** Over a user's limit, the broker closes the connection of who asks for a channel more. */
    @Test
    void answersWithUsersOfOneChannel(CapturedOutput output) throws Exception {
        try (TestBroker broker = TestBroker.start()) {
            for (String user : List.of("serving", "calling")) {
                broker.ctl("add_user", user, "guest");
                broker.ctl("set_permissions", user, ".*", ".*", ".*");
                broker.ctl("set_user_limits", user, "{\"max-channels\": 1}");
            }
            try (TestServer server = TestServer.start(broker, NO_CALLS, "spring.rabbitmq.username=serving")) {
                RpcTemplate template = template(broker, "calling");
                try {
                    assertThat(call(template, server)).isEqualTo("832040");
                    await().atMost(SOON).until(() -> server.health("broker").equals("UNKNOWN"));
                    await().atMost(SOON).until(() -> server.health("listener").equals("UP"));
                    int started = server.consumersStarted();
                    await().during(Duration.ofSeconds(5)).atMost(SOON).until(() -> "832040"
                            .equals(call(template, server)));
                    assertThat(server.consumersStarted()).isEqualTo(started);
                    assertThat(server.health("broker")).isEqualTo("UNKNOWN");
                    assertThat(template.broker()).isEqualTo(BrokerState.UP);
                } finally {
                    template.destroy();
                }
            }
        }
        assertThat(output.toString().lines().filter(line -> line.contains("No channel is left to ask the broker by")))
                .hasSize(1);
    }

    private static RpcTemplate template(TestBroker broker, String user) {
        com.rabbitmq.client.ConnectionFactory client = broker.connectionFactory();
        client.setUsername(user);
        RpcTemplate template = new RpcTemplate(new RpcTemplate.Limits(8, 8, Duration.ZERO, 0));
        template.setConnectionFactory(new CachingConnectionFactory(client));
        template.start();
        return template;
    }

    private static String call(RpcTemplate template, TestServer server) {
        Message request = new Message("30".getBytes(UTF_8));
        request.getMessageProperties().setExpiration("10000");
        return new String(
                Objects.requireNonNull(template.sendAndReceive("", server.queue(), request))
                        .getBody(),
                UTF_8);
    }
}
