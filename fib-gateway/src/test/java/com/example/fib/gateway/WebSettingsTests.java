package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.jayway.jsonpath.JsonPath;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.amqp.core.Message;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** What Spring Boot's own settings of the web mean to the gateway: the rows of docs/settings.md. */
class WebSettingsTests {

    private static final String DIGITS = "832040";

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<ConfigurableApplicationContext> gateways = new ArrayList<>();

    @AfterEach
    void stop() {
        gateways.forEach(ConfigurableApplicationContext::close);
    }

    /** Those that change nothing of what the contract says. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "spring.main.lazy-initialization=true spring.threads.virtual.enabled=false server.tomcat.threads.max=1 "
                        + "server.tomcat.processor-cache=1 spring.mvc.async.request-timeout=1ms",
                "spring.mvc.problemdetails.enabled=true spring.mvc.dispatch-trace-request=true "
                        + "spring.mvc.hiddenmethod.filter.enabled=true spring.mvc.formcontent.filter.enabled=true "
                        + "spring.mvc.pathmatch.matching-strategy=ant-path-matcher spring.mvc.view.prefix=/views/ "
                        + "spring.mvc.contentnegotiation.favor-parameter=true spring.mvc.log-request-details=true",
                "server.servlet.register-default-servlet=true server.servlet.session.tracking-modes=url "
                        + "spring.servlet.encoding.force=true server.tomcat.use-relative-redirects=true "
                        + "server.tomcat.relaxed-path-chars=[,] server.tomcat.keep-alive-timeout=1s "
                        + "server.tomcat.mbeanregistry.enabled=true server.server-header=any",
                "management.tracing.export.enabled=false management.observations.enable.all=false "
                        + "management.metrics.enable.rpc=false management.tracing.baggage.enabled=true",
            })
    void answersAndRefusesAsEver(String settings) throws Exception {
        start(settings.split(" ", -1));

        assertAnswersAndRefuses(http);
    }

    private void assertAnswersAndRefuses(HttpClient client) throws Exception {
        HttpResponse<String> answer = send(client, request("/fib/30"));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo(DIGITS);
        String tag = answer.headers().firstValue("ETag").orElseThrow();
        assertThat(send(client, request("/fib/30").header("If-None-Match", tag)).statusCode())
                .isEqualTo(304);
        assertThat(send(client, request("/fib/30").header("Accept", "application/json"))
                        .body())
                .isEqualTo("{\"n\":30,\"value\":\"832040\"}");
        HttpResponse<String> refused = send(client, request("/fib/thirty"));
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(JsonPath.<String>read(refused.body(), "$.type")).isEqualTo("/problems/invalid-n");
        assertThat(send(client, request("/problems/invalid-n")).statusCode()).isEqualTo(200);
        assertThat(send(client, request("/nothing")).headers().firstValue("Content-Type"))
                .hasValue("application/problem+json");
        assertThat(send(client, request("/")).body()).contains("<html");
        HttpResponse<String> put =
                send(client, request("/fib/30").PUT(HttpRequest.BodyPublishers.ofString("_method=GET")));
        assertThat(put.statusCode()).isEqualTo(405);
        assertThat(send(client, request("/fib/30").method("OPTIONS", HttpRequest.BodyPublishers.noBody()))
                        .headers()
                        .firstValue("Allow"))
                .hasValue("GET,HEAD,OPTIONS");
    }

    @Test
    void speaksHttp2AndCompressesWhereThatIsSet() throws Exception {
        start(
                "server.http2.enabled=true",
                "server.compression.enabled=true",
                "server.compression.mime-types=text/plain",
                "server.compression.min-response-size=1B");
        HttpClient client = HttpClient.newHttpClient();
        HttpRequest.Builder request = request("/fib/30").header("Accept-Encoding", "gzip");
        HttpResponse<byte[]> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());

        assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(answer.headers().firstValue("Content-Encoding")).hasValue("gzip");
        assertThat(answer.headers().allValues("Vary").toString()).containsIgnoringCase("accept-encoding");
        assertThat(new GZIPInputStream(new ByteArrayInputStream(answer.body())).readAllBytes())
                .asString()
                .isEqualTo(DIGITS);
        assertAnswersAndRefuses(client);
        assertAnswersAndRefuses(http);
    }

    /** Scripts of other sites may call as ever, and probes are nobody's calls. */
    @ParameterizedTest
    @CsvSource({
        "spring.mvc.servlet.path=/app management.endpoints.web.base-path=/manage, /app/manage",
        "server.servlet.context-path=/app, /app/actuator"
    })
    void whatIsSetForAPathIsMeantWhereverThatIs(String settings, String actuator) throws Exception {
        start((settings + " fib.cors.allowed-origins=https://app.example").split(" ", -1));
        assertThat(send(http, request(actuator + "/health")).body()).contains("\"broker\"");
        for (String path : new String[] {"/health/liveness", "/health/readiness", "/prometheus"}) {
            assertThat(send(http, request(actuator + path)).statusCode()).isEqualTo(200);
        }
        assertThat(gateway()
                        .getBean(MeterRegistry.class)
                        .find("http.server.requests")
                        .timers())
                .isEmpty();

        HttpResponse<String> answer = send(http, request("/app/fib/30").header("Origin", "https://app.example"));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Access-Control-Allow-Origin")).hasValue("https://app.example");
        HttpResponse<String> other = send(http, request("/app/fib/30").header("Origin", "https://other.example"));
        assertThat(other.statusCode()).isEqualTo(403);
    }

    private void start(String... settings) {
        gateways.add(new SpringApplicationBuilder(FibGatewayApplication.class, HttpTableTests.Replies.class)
                .run(Stream.concat(
                                Arrays.stream(settings).map(setting -> "--" + setting),
                                Stream.of("--server.port=0", "--spring.main.allow-bean-definition-overriding=true"))
                        .toArray(String[]::new)));
        gateway().getBean(CannedReplies.class).reply = new Message(DIGITS.getBytes(UTF_8));
    }

    private ConfigurableApplicationContext gateway() {
        return gateways.get(0);
    }

    private HttpRequest.Builder request(String path) {
        String port = gateway().getEnvironment().getRequiredProperty("local.server.port");
        return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path));
    }

    private static HttpResponse<String> send(HttpClient client, HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString(UTF_8));
    }
}
