package com.example.fib.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.Promised;
import com.example.fib.broker.Responder;
import com.example.fib.broker.TestBroker;
import com.example.rabbitrpc.client.RpcTemplate;
import com.jayway.jsonpath.JsonPath;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** The whole gateway against a broker of its own, with servers on the raw client. */
@Tag("faults")
@Tag("short")
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT, properties = "fib.max-in-flight=200")
@DirtiesContext // or it outlives its broker, and says so in the log of the tests after it
class GatewayTests {

    private static final TestBroker broker = TestBroker.start();
    private static final Duration SOON = Promised.within(2_000);

    private final HttpClient http = HttpClient.newHttpClient();

    @LocalServerPort
    private int port;

    @Autowired
    private RpcTemplate template;

    @DynamicPropertySource
    static void broker(DynamicPropertyRegistry registry) {
        broker.properties().forEach((name, value) -> registry.add(name, () -> value));
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @BeforeEach
    @AfterEach
    void deleteQueue() throws Exception {
        try (Connection connection = broker.connect();
                Channel channel = connection.createChannel()) {
            channel.queueDelete("rpc_queue");
        }
    }

    @Test
    void answersByAClassicServer() throws Exception {
        try (Responder server = respond(Responder.COMPUTES)) {
            awaitHealth(200);
            HttpResponse<String> response = get("/fib/30");

            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("832040");
            Delivery request = server.requests().take();
            assertThat(Responder.text(request)).isEqualTo("30");
            assertThat(request.getProperties().getContentType()).isEqualTo("text/plain");
            assertThat(request.getProperties().getDeliveryMode()).isEqualTo(1);
            assertThat(Long.parseLong(request.getProperties().getExpiration())).isBetween(1L, 2_000L);
            assertThat(request.getProperties().getHeaders()).containsOnlyKeys("traceparent");
        }
    }

    @Test
    void saysAtOnceThatThereIsNoQueue() throws Exception {
        assertProblem("no-server", 503, Promised.within(250));
    }

    @Test
    void saysAtOnceThatNobodyConsumesAndNoticesWhoComes() throws Exception {
        try (Responder server = respond(Responder.COMPUTES)) {
            awaitHealth(200);
            assertThat(server.requests()).isEmpty();
        }
        awaitHealth(503);
        assertThat(JsonPath.<Integer>read(
                        get("/actuator/health").body(), "$.components.rpc.details.rpc_queue.consumers"))
                .isZero();
        // Absent for a second, as the contract has it; then nobody waits any more.
        await().atMost(SOON).untilAsserted(() -> assertProblem("no-server", 503, Promised.within(250)));
        try (Responder server = respond(Responder.COMPUTES)) {
            awaitHealth(200);
            assertThat(get("/fib/30").statusCode()).isEqualTo(200);
            assertThat(server.requests()).isNotEmpty();
        }
    }

    @Test
    void letsGoOfThoseWhoWaitWhenTheLastServerLeaves() throws Exception {
        CompletableFuture<HttpResponse<String>> waiting;
        long start;
        try (Responder server = respond(Responder.SILENT)) {
            awaitHealth(200);
            start = System.nanoTime();
            waiting = getInBackground("/fib/30");
            server.requests().take();
        }
        assertThat(waiting.join().body()).contains("no-server");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Promised.within(1_750));
    }

    @Test
    void endsACallAtItsDeadline() throws Exception {
        try (Responder server = respond(Responder.SILENT)) {
            awaitHealth(200);
            assertProblem("deadline-exceeded", 504, Promised.within(2_250));
            assertThat(server.requests()).isNotEmpty();
        }
    }

    @Test
    void staysWithinItsBoundsWhileTheBrokerIsFrozen() throws Exception {
        try (Responder server = respond(Responder.COMPUTES)) {
            awaitHealth(200);
            broker.freeze();
            try {
                assertProblem("deadline-exceeded", 504, Promised.within(2_250));
                awaitHealth(503);
                long start = System.nanoTime();
                assertThat(JsonPath.<String>read(get("/actuator/health").body(), "$.components.broker.status"))
                        .isEqualTo("DOWN");
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Promised.within(1_000));
                assertThat(get("/actuator/health/liveness").statusCode()).isEqualTo(200);
                assertThat(get("/actuator/health/readiness").statusCode()).isEqualTo(200);
            } finally {
                broker.resume();
            }
            awaitHealth(200);
            assertThat(get("/fib/31").statusCode()).isEqualTo(200);
            assertThat(server.requests()).isNotEmpty();
        }
    }

    @Test
    void sendsTheCallAgainWhenItsConnectionBreaks() throws Exception {
        AtomicInteger received = new AtomicInteger();
        try (Responder server = respond((self, request) -> {
            if (received.incrementAndGet() > 1) {
                Responder.COMPUTES.handle(self, request);
            }
        })) {
            awaitHealth(200);
            CompletableFuture<HttpResponse<String>> waiting = getInBackground("/fib/30");
            server.requests().take();
            closeGatewayConnections();

            assertThat(waiting.join().statusCode()).isEqualTo(200);
            assertThat(waiting.join().body()).isEqualTo("832040");
        }
    }

    private static void closeGatewayConnections() {
        broker.ctl("list_connections", "pid", "client_properties")
                .lines()
                .filter(connection -> connection.contains("fib-gateway@"))
                .forEach(connection ->
                        broker.ctl("close_connection", connection.substring(0, connection.indexOf('\t')), "test"));
    }

    @Test
    void refusesAtOnceWhatIsAboveItsSlotsAndStillAnswersHealth() throws Exception {
        try (Responder server = respond(Responder.SILENT)) {
            awaitHealth(200);
            List<CompletableFuture<HttpResponse<String>>> waiting =
                    Stream.generate(() -> getInBackground("/fib/30")).limit(200).toList();
            await().atMost(SOON)
                    .until(() -> template.inFlight() == 200 && server.requests().size() >= 200);

            assertProblem("overloaded", 503, Promised.within(250));
            assertThat(get("/actuator/health").statusCode()).isEqualTo(200);
            for (CompletableFuture<HttpResponse<String>> call : waiting) {
                assertThat(call.join().statusCode()).isEqualTo(504);
            }
        }
    }

    @Test
    void isAliveButDownWithoutABroker() throws Exception {
        broker.kill();
        try {
            awaitHealth(503);
            assertThat(get("/actuator/health/liveness").statusCode()).isEqualTo(200);
            assertThat(get("/actuator/health/readiness").statusCode()).isEqualTo(200);
            assertProblem("broker-unavailable", 503, Promised.within(250));
        } finally {
            broker.restart();
        }
        try (Responder server = respond(Responder.COMPUTES)) {
            awaitHealth(200);
            assertThat(get("/fib/30").body()).isEqualTo("832040");
            assertThat(server.requests()).isNotEmpty();
        }
    }

    /** As a broker does whose user may not ask (docs/least-rights.md); here the queue is another connection's own. */
    @Test
    void answersAlthoughTheBrokerDoesNotTellWhoConsumes() throws Exception {
        try (Responder server = new Responder(broker.connect(), "rpc_queue", true, Responder.COMPUTES)) {
            await().atMost(SOON).until(() -> get("/actuator/health").body().contains("The broker does not tell"));
            String connections = broker.ctl("list_connections", "pid");
            for (int i = 0; i < 5; i++) {
                assertThat(get("/fib/30").body()).isEqualTo("832040");
            }
            assertThat(JsonPath.<String>read(get("/actuator/health").body(), "$.components.broker.status"))
                    .isEqualTo("UP");
            assertThat(broker.ctl("list_connections", "pid")).isEqualTo(connections);
            assertThat(server.requests()).isNotEmpty();
        }
    }

    @Test
    void tellsMetricsWhatItKnows() throws Exception {
        try (Responder server = respond(Responder.COMPUTES)) {
            awaitHealth(200);
            assertThat(get("/fib/30").statusCode()).isEqualTo(200);
            assertThat(server.requests()).hasSize(1);
            assertThat(get("/actuator/prometheus").body())
                    .contains(
                            "rpc_client_calls_seconds_count{outcome=\"ok\",queue=\"rpc_queue\"}",
                            "rpc_client_calls_seconds_bucket{outcome=\"ok\",queue=\"rpc_queue\",le=\"2.0\"}",
                            "rpc_client_in_flight 0.0",
                            "rpc_client_in_flight_limit 200.0",
                            "rpc_client_resent_total{reason=\"hedge\"}",
                            "rpc_client_replies_unclaimed_total{kind=\"late\"}",
                            "rpc_broker_up 1.0",
                            "rpc_broker_blocked 0.0",
                            "rpc_queue_consumers{queue=\"rpc_queue\"} 1.0",
                            "rpc_queue_depth{queue=\"rpc_queue\"} 0.0");
        }
    }

    private void awaitHealth(int status) {
        await().atMost(Promised.within(3_000))
                .untilAsserted(
                        () -> assertThat(get("/actuator/health").statusCode()).isEqualTo(status));
    }

    private void assertProblem(String type, int status, Duration bound) throws Exception {
        long start = System.nanoTime();
        HttpResponse<String> response = get("/fib/30");
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(JsonPath.<String>read(response.body(), "$.type")).isEqualTo("/problems/" + type);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(bound);
    }

    private static Responder respond(Responder.Handler handler) throws IOException {
        return new Responder(broker.connect(), "rpc_queue", handler);
    }

    private CompletableFuture<HttpResponse<String>> getInBackground(String path) {
        return http.sendAsync(request(path), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String path) throws Exception {
        return http.send(request(path), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest request(String path) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                .timeout(Duration.ofSeconds(10))
                .build();
    }
}
