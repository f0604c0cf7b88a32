package com.example.fib.system;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What deploy/haproxy does in front of real gateways: who may call, how often, and that nobody notices when a gateway is killed. */
@Tag("faults")
class LoadBalancerTests {

    private static final int NO_LIMIT = 100_000;
    private static final Site site = Site.shared();
    private static Path secrets;
    private static LoadBalancer balancer;
    private static ServiceProcess gateway;
    private static ServiceProcess otherGateway;
    private static String token = "";
    private static String otherToken = "";

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        secrets = folder;
        otherToken = LoadBalancer.makeSecrets(secrets, "other");
        token = Documented.text(secrets.resolve("token"));
        site.starting();
        gateway = site.gateway("server.forward-headers-strategy", "native");
        otherGateway = site.gateway("server.forward-headers-strategy", "native");
        balancer = new LoadBalancer(secrets, gateway.port(), otherGateway.port(), NO_LIMIT);
    }

    @AfterAll
    static void stop() {
        balancer.close();
        site.close();
    }

    @Test
    void asksForAToken() {
        assertRefused(balancer.get("/fib/30"), 401);
        HttpResponse<String> unknown = balancer.get("/fib/30", "Authorization", "Bearer " + token + "0");
        assertRefused(unknown, 401);
        assertThat(unknown.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
        assertRefused(balancer.get("/fib/30", "Authorization", "Basic " + token), 401);

        for (String known : new String[] {token, otherToken}) {
            HttpResponse<String> answer = balancer.get("/fib/30", "Authorization", "Bearer " + known);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo("832040");
        }
        assertThat(balancer.log()).contains(" try ", " other ").doesNotContain(token, otherToken);
    }

    @Test
    void limitsHowOftenAClientCalls() {
        try (LoadBalancer strict = new LoadBalancer(secrets, gateway.port(), otherGateway.port(), 20)) {
            HttpResponse<String> answer = get(strict, "/fib/30", token);
            for (int i = 0; i < 500 && answer.statusCode() == 200; i++) {
                answer = get(strict, "/fib/30", token);
            }
            assertRefused(answer, 429);
            assertThat(answer.headers().firstValue("Retry-After")).hasValue("1");
            assertThat(get(strict, "/fib/30", otherToken).statusCode()).isEqualTo(200);
            await().atMost(Duration.ofSeconds(5))
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> get(strict, "/fib/30", token).statusCode() == 200);

            HttpResponse<String> guess = strict.get("/fib/30");
            for (int i = 0; i < 500 && guess.statusCode() == 401; i++) {
                guess = strict.get("/fib/30", "Authorization", "Bearer guess" + i);
            }
            assertRefused(guess, 429);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/actuator",
                "/actuator/health",
                "/actuator/prometheus?x",
                "/%61ctuator/sbom",
                "//actuator/info",
                "/fib/..;x/actuator/health",
                "/actuator;x/health"
            })
    void refusesTheActuator(String path) throws IOException {
        try (HttpCaller caller = new HttpCaller(balancer.entrance(), Duration.ofSeconds(10))) {
            assertThat(caller.get(path).status()).isEqualTo(403);
        }
    }

    @Test
    void passesOnEverythingElse() {
        assertThat(get(balancer, "/", token).body()).contains("<html");
        assertThat(get(balancer, "/v3/api-docs", token).statusCode()).isEqualTo(200);
        assertThat(get(balancer, "/problems/no-server", token).statusCode()).isEqualTo(200);
        assertThat(get(balancer, "/fib/thirty", token).body()).contains("/problems/invalid-n");
    }

    @Test
    void speaksTlsOnly() {
        try (HttpCaller caller = new HttpCaller(balancer.port(), Duration.ofSeconds(15))) {
            assertThatThrownBy(() -> caller.get("/fib/30")).isInstanceOf(IOException.class);
        }
    }

    @Test
    void boundsTheSizeOfAHead() throws IOException {
        HttpCaller.Entrance entrance = balancer.entrance();
        HttpCaller.Entrance large = new HttpCaller.Entrance(
                entrance.port(), entrance.tls(), entrance.headers() + "X: " + "x".repeat(17_000) + "\r\n");
        try (HttpCaller caller = new HttpCaller(large, Duration.ofSeconds(10))) {
            assertThat(caller.get("/fib/30").status()).isEqualTo(400);
        }
    }

    @Test
    void boundsTheTimeOfAHead() throws IOException {
        try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), balancer.port());
                Socket slow = Objects.requireNonNull(balancer.entrance().tls())
                        .createSocket(plain, "localhost", balancer.port(), true)) {
            slow.setSoTimeout(8_000); // promised: 5
            slow.getOutputStream().write("GET /fib/30 HTTP/1.1\r\nHost:".getBytes(US_ASCII));
            assertThat(new String(slow.getInputStream().readAllBytes(), US_ASCII))
                    .startsWith("HTTP/1.1 408");
        }
    }

    /** The address that a browser sees is the gateway's own, so that its scripts are no other site's. */
    @Test
    void tellsTheGatewayWhereACallCameIn() {
        HttpResponse<String> answer = balancer.get(
                "/fib/30", "Authorization", "Bearer " + token, "Origin", "https://localhost:" + balancer.port());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Strict-Transport-Security")).isPresent();
    }

    @Test
    void passesOnNothingThatACallerSaysOfItsOrigin() throws IOException {
        Queue<Headers> seen = new ConcurrentLinkedQueue<>();
        HttpServer stub = stub(exchange -> {
            seen.add(exchange.getRequestHeaders());
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        int port = stub.getAddress().getPort();
        try (LoadBalancer before = new LoadBalancer(secrets, port, port, NO_LIMIT)) {
            List<String> headers = new ArrayList<>(List.of("Authorization", "Bearer " + token));
            for (String forged : List.of(
                    "Forwarded",
                    "X-Real-IP",
                    "X-Forwarded-For",
                    "X-Forwarded-Proto",
                    "X-Forwarded-Port",
                    "X-Forwarded-Host",
                    "X-Forwarded-Prefix",
                    "x-forwarded-ssl")) {
                headers.addAll(List.of(forged, "forged"));
            }
            assertThat(before.get("/fib/30", headers.toArray(String[]::new)).statusCode())
                    .isEqualTo(200);
            assertThat(seen).singleElement().satisfies(request -> {
                assertThat(request.values().toString()).doesNotContain("forged", token);
                assertThat(request)
                        .containsEntry("X-forwarded-for", List.of("127.0.0.1"))
                        .containsEntry("X-forwarded-proto", List.of("https"))
                        .containsEntry("X-forwarded-port", List.of(Integer.toString(before.port())));
            });
        } finally {
            stub.stop(0);
        }
    }

    /** As a gateway with fib.resend-share=0 sends a call once: two of them would send it twice. */
    @ParameterizedTest
    @CsvSource({"0, 1", "0.0, 1", "0.1, 4"})
    void sendsACallThatAGatewayHasTakenAgainOnlyWhereThatMayBe(String share, int times) throws IOException {
        AtomicInteger taken = new AtomicInteger();
        HttpHandler dies = exchange -> {
            taken.incrementAndGet();
            exchange.close(); // the connection, without a byte of an answer
        };
        HttpServer stub = stub(dies);
        HttpServer otherStub = stub(dies);
        try (LoadBalancer before = new LoadBalancer(
                        secrets,
                        stub.getAddress().getPort(),
                        otherStub.getAddress().getPort(),
                        Map.of("FIB_RESEND_SHARE", share));
                HttpCaller caller = new HttpCaller(before.entrance(), Duration.ofSeconds(10))) {
            assertThat(caller.get("/fib/30").status()).isEqualTo(502);
            assertThat(taken).hasValue(times);
        } finally {
            stub.stop(0);
            otherStub.stop(0);
        }
    }

    @Test
    void sendsACallThatAGatewayHasNotTakenToTheOther() {
        try (LoadBalancer before =
                new LoadBalancer(secrets, DebianPackage.freePort(), gateway.port(), Map.of("FIB_RESEND_SHARE", "0"))) {
            for (int i = 0; i < 4; i++) {
                assertThat(get(before, "/fib/30", token).statusCode()).isEqualTo(200);
            }
        }
    }

    /** Nor do the tests after this one notice. */
    @Test
    void answersEveryCallWhenAGatewayIsKilled() {
        Load load = Load.on(balancer.entrance(), 8, Duration.ofMillis(5), Load.NUMBERS);
        Fault.requireOnlyAnswers(Fault.run("one of two gateways behind the load balancer killed", load, () -> {
            otherGateway.kill();
            Fault.last(Duration.ofSeconds(2));
        }));
        assertThat(balancer.log()).contains(" gateways/gateway-1 ", " gateways/gateway-2 ");
    }

    /** What answers as a gateway does that is ready, and to calls as it is told. */
    private static HttpServer stub(HttpHandler calls) throws IOException {
        HttpServer stub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        stub.createContext("/fib", calls);
        stub.createContext("/actuator/health/readiness", exchange -> {
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        stub.start();
        return stub;
    }

    private static HttpResponse<String> get(LoadBalancer balancer, String path, String token) {
        return balancer.get(path, "Authorization", "Bearer " + token);
    }

    private static void assertRefused(HttpResponse<String> response, int status) {
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-store");
        assertThat(response.body()).contains("\"status\":" + status);
    }
}
