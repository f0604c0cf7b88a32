package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.TestBroker;
import com.jayway.jsonpath.JsonPath;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** This version beside an older one, whose jars {@code bin/upgrade-check} builds: what both promise holds across them. */
@Tag("upgrade")
class UpgradeTests {

    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

    private final TestBroker broker = TestBroker.shared();

    @BeforeEach
    void deleteQueue() {
        broker.deleteQueue();
    }

    /** Of what docs/contract.md has, all that takes both sides. */
    @ParameterizedTest(name = "{0} with {1}")
    @CsvSource({"old-gateway, server", "gateway, old-server", "gateway, server"})
    void keepsTheContract(String gatewayJar, String serverJar) {
        try (ServiceProcess server = start(serverJar, Map.of("fib.max-n", "100000", "fib.instance-id", serverJar));
                ServiceProcess gateway = start(gatewayJar, Map.of("fib.deadline", "1s"))) {
            server.awaitHealthy();
            gateway.awaitHealthy();
            answers(gateway, serverJar);
            failsAsTheServerSays(gateway);
            endsAtTheDeadline(gateway, server);
            server.kill();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(5))
                    .untilAsserted(() -> requireProblem(gateway.get("/fib/33"), 503, "no-server"));
        }
    }

    private static void answers(ServiceProcess gateway, String serverJar) {
        for (int n = 0; n <= 300; n++) {
            assertThat(gateway.get("/fib/" + n).body()).isEqualTo(Digits.of(n));
        }
        assertThat(gateway.get("/fib/40000").body()).isEqualTo(Digits.of(40_000));
        assertThat(gateway.get("/fib/90", "Accept", "application/json").body())
                .isEqualTo("{\"n\":90,\"value\":\"2880067194370816120\"}");

        HttpResponse<String> success = gateway.get("/fib/30");
        assertThat(success.headers().firstValue("X-Fib-Server")).hasValue(serverJar);
        assertThat(success.headers().firstValue("Server-Timing").orElseThrow())
                .matches("rpc;dur=[0-9.]+, compute;dur=[0-9.]+");
        assertThat(success.headers().firstValue("Cache-Control")).hasValue("max-age=31536000, public, immutable");

        HttpResponse<String> head = head(gateway, "/fib/30");
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        for (String header : List.of("ETag", "Content-Type", "Content-Length", "X-Fib-Server", "Vary")) {
            assertThat(head.headers().firstValue(header))
                    .as(header)
                    .isPresent()
                    .isEqualTo(success.headers().firstValue(header));
        }
    }

    private static void failsAsTheServerSays(ServiceProcess gateway) {
        HttpResponse<String> refused =
                gateway.get("/fib/100001", "traceparent", "00-" + TRACE + "-00f067aa0ba902b7-01");
        requireProblem(refused, 400, "invalid-n");
        assertThat(JsonPath.<String>read(refused.body(), "$.detail")).contains("100000");
        assertThat(JsonPath.<String>read(refused.body(), "$.traceId")).isEqualTo(TRACE);
        assertThat(refused.headers().firstValue("Cache-Control")).hasValue("no-store");
    }

    private static void endsAtTheDeadline(ServiceProcess gateway, ServiceProcess server) {
        String etag = gateway.get("/fib/31").headers().firstValue("ETag").orElseThrow();
        server.freeze();
        try {
            assertThat(gateway.get("/fib/31", "If-None-Match", etag).statusCode())
                    .isEqualTo(304);
            long start = System.nanoTime();
            HttpResponse<String> late = gateway.get("/fib/32");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(1_750));
            requireProblem(late, 504, "deadline-exceeded");
        } finally {
            server.resume();
        }
        assertThat(gateway.get("/fib/32").body()).isEqualTo("2178309");
        assertThat(gateway.log()).as("no clock is wrong").doesNotContain("WARN", "ERROR");
        assertThat(server.log()).doesNotContain("WARN", "ERROR");
    }

    /** Servers first, then gateways, under load; the way back is the same. */
    @ParameterizedTest(name = "{0}server to {1}server, {0}gateway to {1}gateway")
    @CsvSource({"old-, ''", "'', old-"})
    void rollsWithoutALostCall(String from, String to) {
        try (Site site = new Site(broker)) {
            ServiceProcess server = site.added(start(from + "server", Map.of())).awaitHealthy();
            ServiceProcess gateway =
                    site.added(start(from + "gateway", Map.of())).awaitHealthy();
            Load load = Load.on(gateway.port(), 8, Load.PAUSE, Load.NUMBERS);
            try {
                site.added(start(to + "server", Map.of("fib.instance-id", "next")))
                        .awaitHealthy();
                stop(server);
                ServiceProcess nextGateway =
                        site.added(start(to + "gateway", Map.of())).awaitHealthy();
                assertThat(nextGateway.get("/fib/30").headers().firstValue("X-Fib-Server"))
                        .hasValue("next");
                Load nextLoad = Load.on(nextGateway.port(), 8, Load.PAUSE, Load.NUMBERS);
                try {
                    Awaitility.await().until(() -> nextLoad.calls().size() > 200);
                    load.close();
                    stop(gateway);
                } finally {
                    nextLoad.close();
                }
                assertThat(nextLoad.calls()).allMatch(Call::isRight);
            } finally {
                load.close();
            }
            assertThat(load.calls()).hasSizeGreaterThan(500).allMatch(Call::isRight);
        }
    }

    private static void stop(ServiceProcess service) {
        service.terminate();
        service.awaitEnd(Duration.ofSeconds(30));
    }

    private static void requireProblem(HttpResponse<String> response, int status, String name) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(JsonPath.<String>read(response.body(), "$.type")).isEqualTo("/problems/" + name);
    }

    private static HttpResponse<String> head(ServiceProcess gateway, String path) {
        HttpRequest.Builder head = Http.request(gateway.uri(path)).method("HEAD", HttpRequest.BodyPublishers.noBody());
        return Http.send(Http.CLIENT, head.build());
    }

    /** A service by the name of its jar's property: this version's, or the old one's. */
    private ServiceProcess start(String jar, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(broker.properties());
        all.putAll(settings);
        return ServiceProcess.start(jar, List.of("-jar", ServiceProcess.jar(jar)), all);
    }
}
