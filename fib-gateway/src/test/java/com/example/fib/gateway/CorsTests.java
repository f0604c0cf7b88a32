package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.amqp.core.Message;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ConfigurableApplicationContext;

/** Scripts of other sites, and a gateway behind a proxy that ends TLS. */
@SpringBootTest(
        classes = {FibGatewayApplication.class, HttpTableTests.Replies.class},
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "spring.main.allow-bean-definition-overriding=true",
            "fib.cors.allowed-origins=https://app.example,http://localhost:3000",
            "server.forward-headers-strategy=native"
        })
class CorsTests {

    private static final String ALLOWED = "https://app.example";

    private final HttpClient http = HttpClient.newHttpClient();

    @LocalServerPort
    private int port;

    @Autowired
    private CannedReplies replies;

    @BeforeEach
    void answer() {
        replies.reply = new Message("832040".getBytes(UTF_8));
        replies.failure = null;
        replies.requests.set(0);
    }

    @Test
    void answersAnAllowedOriginAndLetsItReadTheHeaders() throws Exception {
        HttpResponse<String> response = send("GET", "/fib/30", "Origin", ALLOWED);

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("832040");
        assertThat(header(response, "Access-Control-Allow-Origin")).isEqualTo(ALLOWED);
        assertThat(header(response, "Access-Control-Expose-Headers"))
                .contains("X-Correlation-Id", "Server-Timing", "X-Fib-Server", "Retry-After", "ETag");
        assertThat(response.headers().firstValue("Access-Control-Allow-Credentials"))
                .isEmpty();
        assertThat(header(response, "Vary")).as("for caches").contains("Origin", "Accept");
        assertThat(header(send("GET", "/fib/thirty", "Origin", ALLOWED), "Access-Control-Allow-Origin"))
                .as("a problem can be read, too")
                .isEqualTo(ALLOWED);
    }

    @Test
    void answersAPreflight() throws Exception {
        HttpResponse<String> response = preflight("/fib/30", ALLOWED, "GET", "prefer,traceparent");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(header(response, "Access-Control-Allow-Origin")).isEqualTo(ALLOWED);
        assertThat(header(response, "Access-Control-Allow-Methods")).isEqualTo("GET,HEAD");
        assertThat(header(response, "Access-Control-Allow-Headers")).containsIgnoringCase("prefer");
        assertThat(header(response, "Access-Control-Max-Age")).isEqualTo("3600");
        assertThat(replies.requests).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://evil.example",
                "http://app.example",
                "https://app.example:8443",
                "https://app.example.evil.example",
                "null",
                "nonsense"
            })
    void refusesAnotherOrigin(String origin) throws Exception {
        requireRefused(send("GET", "/fib/30", "Origin", origin));
        requireRefused(preflight("/fib/30", origin, "GET", "prefer"));
        assertThat(replies.requests).hasValue(0);
    }

    @Test
    void refusesAPreflightForWhatItDoesNotAllow() throws Exception {
        requireRefused(preflight("/fib/30", ALLOWED, "DELETE", "prefer"));
        requireRefused(preflight("/fib/30", ALLOWED, "GET", "authorization"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/actuator/health", "/actuator/prometheus", "/v3/api-docs"})
    void opensTheApiAndNothingElse(String path) throws Exception {
        HttpResponse<String> response = send("GET", path, "Origin", ALLOWED);

        assertThat(response.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
    }

    @Test
    void serviceWithoutTheSettingOpensNothing() throws Exception {
        try (ConfigurableApplicationContext plain = new SpringApplicationBuilder(
                        FibGatewayApplication.class, HttpTableTests.Replies.class)
                .run("--server.port=0", "--spring.main.allow-bean-definition-overriding=true")) {
            plain.getBean(CannedReplies.class).reply = new Message("832040".getBytes(UTF_8));
            int other = plain.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
            HttpResponse<String> response = send(other, "GET", "/fib/30", "Origin", ALLOWED);
            HttpResponse<String> preflight =
                    send(other, "OPTIONS", "/fib/30", "Origin", ALLOWED, "Access-Control-Request-Method", "GET");

            assertThat(response.statusCode()).isEqualTo(200);
            for (HttpResponse<String> each : List.of(response, preflight)) {
                assertThat(each.headers().map().keySet()).noneMatch(name -> name.startsWith("access-control-"));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"app.example", "https://app.example/", "https://*.example", "https://app.example/path", "ftp://a"
            })
    void refusesToStartWithWhatIsNoOrigin(String origin) {
        assertThatThrownBy(() -> new SpringApplicationBuilder(FibGatewayApplication.class)
                        .run("--server.port=0", "--fib.cors.allowed-origins=" + origin)
                        .close())
                .rootCause()
                .hasMessageContaining("must be an origin such as https://example.com, or *");
    }

    @Test
    void tellsBrowsersToComeBackByTlsWhereTheyCameByIt() throws Exception {
        assertThat(header(send("GET", "/fib/30", "X-Forwarded-Proto", "https"), "Strict-Transport-Security"))
                .isEqualTo("max-age=31536000");
        assertThat(header(send("GET", "/fib/30"), "Strict-Transport-Security")).isEmpty();
    }

    private static void requireRefused(HttpResponse<String> response) {
        assertThat(response.statusCode()).isEqualTo(403);
        assertThat(header(response, "Content-Type")).startsWith("application/problem+json");
        assertThat(header(response, "Cache-Control")).isEqualTo("no-store");
        assertThat(response.body())
                .contains("\"status\":403", "\"type\":\"about:blank\"", "Scripts of this origin may not call.");
        assertThat(response.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
    }

    private HttpResponse<String> preflight(String path, String origin, String method, String headers) throws Exception {
        return send(
                "OPTIONS",
                path,
                "Origin",
                origin,
                "Access-Control-Request-Method",
                method,
                "Access-Control-Request-Headers",
                headers);
    }

    private HttpResponse<String> send(String method, String path, String... headers) throws Exception {
        return send(port, method, path, headers);
    }

    private HttpResponse<String> send(int to, String method, String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + to + path))
                .method(method, HttpRequest.BodyPublishers.noBody());
        return http.send(
                (headers.length == 0 ? request : request.headers(headers)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static String header(HttpResponse<?> response, String name) {
        return String.join(",", response.headers().allValues(name));
    }
}
