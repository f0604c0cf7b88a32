package com.example.fib.system;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What deploy/haproxy does in front of real gateways: who may call, how often, and that nobody notices when a gateway is killed. */
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
        gateway = site.gateway();
        otherGateway = site.gateway();
        balancer = new LoadBalancer(secrets, gateway, otherGateway, NO_LIMIT);
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
        try (LoadBalancer strict = new LoadBalancer(secrets, gateway, otherGateway, 20)) {
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
