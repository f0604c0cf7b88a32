package com.example.fib.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.Promised;
import com.example.fib.broker.TestBroker;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("faults")
@Tag("short")
class HealthTests {

    private static final HttpClient http = HttpClient.newHttpClient();

    private static TestBroker broker;
    private static FibServer server;

    @BeforeAll
    static void start() {
        broker = TestBroker.start();
        server = FibServer.start(broker);
        // The first request of all loads the web layer.
        Awaitility.await().until(() -> get("/actuator/health").statusCode() == 200);
    }

    @AfterAll
    static void stop() {
        server.close();
        broker.close();
    }

    @Test
    void tellsAboutBrokerAndListener() throws Exception {
        assertThat(get("/actuator/health").body())
                .contains("\"broker\"", "\"listener\"", "\"consumers\":1", "\"status\":\"UP\"")
                .doesNotContain("guest", "127.0.0.1", "Exception");
        assertThat(get("/actuator/health/readiness").statusCode()).isEqualTo(200);
        assertThat(get("/actuator/health/liveness").statusCode()).isEqualTo(200);
    }

    @Test
    void isTrueWithinTwoSecondsOfAFrozenBroker() throws Exception {
        for (int i = 0; i < 2; i++) {
            broker.freeze();
            try {
                awaitStatus("/actuator/health", 503);
                assertThat(get("/actuator/health/readiness").statusCode()).isEqualTo(503);
                assertThat(get("/actuator/health/liveness").statusCode()).isEqualTo(200);
                assertAnswersWithin(1_250);
            } finally {
                broker.resume();
            }
            awaitStatus("/actuator/health", 200);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/actuator/env",
                "/actuator/beans",
                "/actuator/heapdump",
                "/actuator/shutdown",
                "/",
                "/fib/30",
                "/%00"
            })
    void exposesNothingElse(String path) throws Exception {
        HttpResponse<String> response = get(path);

        assertThat(response.statusCode()).isIn(400, 404);
        assertThat(response.body()).doesNotContain("Exception", "at org.", "Tomcat");
    }

    /** Sixteen at once share one round trip, and each has its answer in time. */
    private static void assertAnswersWithin(long millis) {
        long start = System.nanoTime();
        List<CompletableFuture<HttpResponse<String>>> answers = Stream.generate(
                        () -> http.sendAsync(request("/actuator/health"), HttpResponse.BodyHandlers.ofString()))
                .limit(16)
                .toList();
        answers.forEach(answer -> assertThat(answer.join().statusCode()).isEqualTo(503));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Promised.within(millis));
    }

    private static void awaitStatus(String path, int status) {
        Awaitility.await()
                .atMost(Promised.within(2_000))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> get(path).statusCode() == status);
    }

    private static HttpResponse<String> get(String path) throws Exception {
        return http.send(request(path), HttpResponse.BodyHandlers.ofString());
    }

    private static HttpRequest request(String path) {
        return HttpRequest.newBuilder(URI.create(server.url(path)))
                .timeout(Duration.ofSeconds(5))
                .build();
    }
}
