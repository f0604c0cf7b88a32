package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.gateway.edge.LongAnswers;
import com.example.rabbitrpc.NoServerException;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import com.example.rabbitrpc.client.RpcMessageConverter;
import com.jayway.jsonpath.JsonPath;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.amqp.AmqpConnectException;
import org.springframework.amqp.AmqpResourceNotAvailableException;
import org.springframework.amqp.core.AmqpMessageReturnedException;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.core.ReturnedMessage;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.amqp.autoconfigure.RabbitTemplateConfigurer;
import org.springframework.boot.amqp.autoconfigure.RabbitTemplateCustomizer;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.mock.web.MockHttpServletRequest;
import tools.jackson.databind.json.JsonMapper;

/** Every row of the HTTP table, over real HTTP; what comes back from the queue is given here as bytes and headers. */
@SpringBootTest(
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "spring.main.allow-bean-definition-overriding=true",
            "fib.max-in-flight=1",
            "management.tracing.sampling.probability=1"
        })
class HttpTableTests {

    private final HttpClient http = HttpClient.newHttpClient();

    @LocalServerPort
    private int port;

    @Autowired
    private CannedReplies replies;

    @Autowired
    private LongAnswers answers;

    @BeforeEach
    void nothingPublished() {
        replies.requests.set(0);
        replies.failure = null;
        replies.reply = null;
    }

    @Test
    void answersWithBareDigits() throws Exception {
        replies.reply = reply("832040", Map.of("x-rpc-status", "OK", "x-rpc-server", "w1", "x-rpc-compute-us", 1500L));

        HttpResponse<String> response = get("/fib/30");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("832040");
        assertThat(header(response, "Content-Type")).startsWith("text/plain");
        assertThat(header(response, "Content-Length")).isEqualTo("6");
        assertThat(header(response, "Cache-Control")).contains("public", "max-age=31536000", "immutable");
        assertThat(header(response, "X-Fib-Server")).isEqualTo("w1");
        assertThat(header(response, "Server-Timing")).matches("rpc;dur=[0-9.]+, compute;dur=1\\.500");
        assertThat(header(response, "Vary")).contains("Accept");
        assertThat(header(response, "ETag")).isNotEmpty();
        assertThat(new String(replies.request.getBody(), UTF_8)).isEqualTo("30");
        MessageProperties sent = replies.request.getMessageProperties();
        assertThat(sent.getContentType()).isEqualTo("text/plain");
        assertThat(Long.parseLong(sent.getExpiration())).isBetween(1_000L, 2_000L);
        assertThat(sent.getHeaders()).containsOnlyKeys("traceparent");
        // No endpoint is set: nobody takes a span, whatever is to be sampled.
        assertThat(sent.<String>getHeader("traceparent")).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-0[02]");
    }

    @Test
    void keepsACallersChoiceToTrace() throws Exception {
        replies.reply = reply("832040", Map.of());

        get("/fib/30", "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

        assertThat(replies.request.getMessageProperties().<String>getHeader("traceparent"))
                .matches("00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-0[13]");
    }

    @Test
    void answersAClassicServerThatSendsDigitsAlone() throws Exception {
        replies.reply = reply("832040", Map.of());

        HttpResponse<String> response = get("/fib/30");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("832040");
        assertThat(response.headers().map()).doesNotContainKeys("x-fib-server", "x-correlation-id");
        assertThat(header(response, "Server-Timing")).matches("rpc;dur=[0-9.]+");
    }

    @Test
    void namesTheIdThatTheReplyCameUnder() throws Exception {
        replies.reply = reply("832040", Map.of());
        replies.reply.getMessageProperties().setCorrelationId("3f9c");

        assertThat(header(get("/fib/30"), "X-Correlation-Id")).isEqualTo("3f9c");
    }

    @Test
    void answersWithJsonWhereItIsAskedFor() throws Exception {
        replies.reply = reply("832040", Map.of());

        HttpResponse<String> response = get("/fib/30", "Accept", "application/json");

        assertThat(response.body()).isEqualTo("{\"n\":30,\"value\":\"832040\"}");
        assertThat(header(response, "Content-Type")).isEqualTo("application/json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"*/*", "text/plain", "text/*", "text/plain, application/json"})
    void prefersDigits(String accept) throws Exception {
        replies.reply = reply("832040", Map.of());

        assertThat(get("/fib/30", "Accept", accept).body()).isEqualTo("832040");
    }

    @Test
    void answersAKnownTagWithoutACall() throws Exception {
        replies.reply = reply("832040", Map.of());
        String tag = header(get("/fib/30"), "ETag");

        HttpResponse<String> response = get("/fib/30", "If-None-Match", tag);

        assertThat(response.statusCode()).isEqualTo(304);
        assertThat(response.body()).isEmpty();
        assertThat(header(response, "ETag")).isEqualTo(tag);
        assertThat(replies.requests).hasValue(1);
        assertThat(get("/fib/31", "If-None-Match", tag).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://a.example", "fib-30", "\"", "W/", ""})
    void answersATagThatIsNoneWithTheResult(String tag) throws Exception {
        replies.reply = reply("832040", Map.of());

        assertThat(get("/fib/30", "If-None-Match", tag).statusCode()).isEqualTo(200);
    }

    @Test
    void answersHeadAsGetWithoutTheBody() throws Exception {
        replies.reply = reply("832040", Map.of());

        HttpResponse<String> response = send(request("/fib/30")
                .method("HEAD", HttpRequest.BodyPublishers.noBody())
                .build());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(header(response, "Content-Length")).isEqualTo("6");
        assertThat(response.body()).isEmpty();
    }

    @Test
    void namesItsMethods() throws Exception {
        HttpResponse<String> response = send(request("/fib/30")
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                .build());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(header(response, "Allow").split(",")).contains("GET", "HEAD", "OPTIONS");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "abc",
                "-1",
                "+1",
                "1.0",
                "1e3",
                "0x1f",
                "30%20",
                "%2030",
                "30a",
                "1000001",
                "9223372036854775808",
                "99999999999999999999",
                "000000000000000000030",
                "%D9%A3%D9%A0",
                "%EF%BC%93",
                "null",
                "NaN",
                "1_000",
                "%0a30",
                "30%0d%0ax:y"
            })
    void refusesWhatIsNoNumberWithinTheLimit(String n) throws Exception {
        HttpResponse<String> response = get("/fib/" + n);

        assertProblem(response, 400, "invalid-n");
        assertThat(JsonPath.<String>read(response.body(), "$.detail")).contains("1000000");
        assertThat(replies.requests).hasValue(0);
    }

    @ParameterizedTest
    @CsvSource({
        "INVALID_ARGUMENT,400,invalid-n",
        "OUT_OF_RANGE,400,invalid-n",
        "DEADLINE_EXCEEDED,504,deadline-exceeded",
        "RESOURCE_EXHAUSTED,503,overloaded",
        "INTERNAL,502,server-error",
        "SOMETHING_ELSE,502,server-error"
    })
    void passesOnWhatTheServerSays(String rpcStatus, int status, String type) throws Exception {
        replies.reply = reply("The server says no.", Map.of("x-rpc-status", rpcStatus));

        assertProblem(get("/fib/30"), status, type);
    }

    /** With one sending, whatever the server's clock says: the budget of second ones is not for that. */
    @Test
    void asksOnceWhereAServerSaysThatTheDeadlineHasPassed() throws Exception {
        replies.reply = reply("The deadline has passed.", Map.of("x-rpc-status", "DEADLINE_EXCEEDED"));

        assertProblem(get("/fib/30"), 504, "deadline-exceeded");
        assertThat(replies.requests).hasValue(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "wait=1",
                "Wait = \"1\"",
                "respond-async, wait=1",
                "wait=1; strictly",
                "wait=1, wait=2",
                "reason=\"a, wait=2\", wait=1"
            })
    void waitsNoLongerThanItsCaller(String prefer) throws Exception {
        HttpResponse<String> response = get("/fib/30", "Prefer", prefer);

        assertProblem(response, 504, "deadline-exceeded");
        assertThat(header(response, "Preference-Applied")).isEqualTo("wait=1");
        assertThat(response.body()).contains("1000 ms");
        MessageProperties sent = replies.request.getMessageProperties();
        assertThat(Long.parseLong(sent.getExpiration())).isBetween(500L, 1_000L);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "wait=2",
                "wait=60",
                "wait=99999999999999999999",
                "wait=0",
                "wait=-1",
                "wait=0.5",
                "wait=soon",
                "wait=",
                "wait",
                "wait=x, wait=1",
                "await=1",
                "reason=\"wait=1\"",
                "reason=\"a, wait=1, b\"",
                ";,=\"",
                ""
            })
    void waitsAsLongAsItDoesWhereItIsNotAskedForLess(String prefer) throws Exception {
        replies.reply = reply("832040", Map.of());

        HttpResponse<String> response = get("/fib/30", "Prefer", prefer);

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().map()).doesNotContainKey("preference-applied");
        assertThat(Long.parseLong(replies.request.getMessageProperties().getExpiration()))
                .isBetween(1_001L, 2_000L);
    }

    @Test
    void readsAllPreferHeaders() throws Exception {
        replies.reply = reply("832040", Map.of());

        HttpResponse<String> response = get("/fib/30", "Prefer", "respond-async", "Prefer", "wait=1");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(header(response, "Preference-Applied")).isEqualTo("wait=1");
    }

    @Test
    void saysThatItFailedWhereNothingElseFits() throws Exception {
        replies.failure = new IllegalStateException("secret");

        HttpResponse<String> response = get("/fib/30");

        assertProblem(response, 500, null);
        assertThat(response.body()).doesNotContain("secret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "NaN", "-1", "1.5", "832040\n", " 832040", "8.3e5", "[832040]"})
    void callsAReplyThatIsNoNumberAServerError(String body) throws Exception {
        replies.reply = reply(body, Map.of("x-rpc-status", "OK"));

        assertProblem(get("/fib/30"), 502, "server-error");
    }

    @Test
    void saysInOneLineWhatAServerSays() throws Exception {
        replies.reply = reply("one\r\ntwo\u2028three", Map.of("x-rpc-status", "RESOURCE_EXHAUSTED"));

        assertThat(JsonPath.<String>read(get("/fib/30").body(), "$.detail")).isEqualTo("one two three");
    }

    @ParameterizedTest
    @ValueSource(strings = {"INTERNAL", "SOMETHING_ELSE"})
    void keepsToItselfWhatAServerSaysOfItsInside(String rpcStatus) throws Exception {
        replies.reply = reply("jdbc:secret", Map.of("x-rpc-status", rpcStatus));

        HttpResponse<String> response = get("/fib/30");

        assertThat(JsonPath.<String>read(response.body(), "$.detail")).isEqualTo("The server failed.");
        assertThat(response.body()).doesNotContain("secret");
    }

    @Test
    void neverPutsAHostileServerNameIntoAHeader() throws Exception {
        replies.reply = reply("832040", Map.of("x-rpc-server", "w1\r\nSet-Cookie: a=b", "x-rpc-compute-us", "soon"));

        HttpResponse<String> response = get("/fib/30");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().map()).doesNotContainKeys("x-fib-server", "set-cookie");
    }

    @Test
    void tellsNoReplyFromTheRest() throws Exception {
        assertProblem(get("/fib/30"), 504, "deadline-exceeded");
    }

    @Test
    void tellsNoQueueFromTheRest() throws Exception {
        replies.failure = new NoServerException(
                "Nobody takes requests from the queue.",
                new AmqpMessageReturnedException(
                        "returned", new ReturnedMessage(reply("30", Map.of()), 312, "NO_ROUTE", "", "rpc_queue")));

        assertProblem(get("/fib/30"), 503, "no-server");
    }

    @Test
    void tellsNobodyConsumingFromTheRest() throws Exception {
        replies.failure = new NoServerException("Nobody takes requests from the queue.", null);

        assertProblem(get("/fib/30"), 503, "no-server");
    }

    @Test
    void tellsALostConnectionFromTheRest() throws Exception {
        replies.failure = new RpcException(
                RpcStatus.UNAVAILABLE,
                "The connection to the broker was lost.",
                new AmqpConnectException("lost", new IOException("reset")));

        assertProblem(get("/fib/30"), 503, "broker-unavailable");
    }

    @Test
    void tellsABlockedBrokerFromTheRest() throws Exception {
        replies.failure = new RpcException(
                RpcStatus.UNAVAILABLE,
                "The broker takes no requests at the moment.",
                new AmqpResourceNotAvailableException("low on memory"));

        assertProblem(get("/fib/30"), 503, "broker-unavailable");
        assertThat(replies.requests).hasValue(1);
    }

    @Test
    void refusesTheCallThatIsOneTooManyAtOnce() throws Exception {
        var unused =
                replies.hold(() -> http.sendAsync(request("/fib/30").build(), HttpResponse.BodyHandlers.ofString()));

        long start = System.nanoTime();
        HttpResponse<String> response = get("/fib/31");

        assertProblem(response, 503, "overloaded");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
        replies.release();
        assertThat(unused.join().statusCode()).isEqualTo(504);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/fib",
                "/fib/",
                "/fib/30/",
                "/fib/30/31",
                "/nothing",
                "/actuator",
                "/actuator/env",
                "/actuator/heapdump",
                "/actuator/shutdown",
                "/error",
                "/fib/30.json",
                "/FIB/30"
            })
    void knowsNoOtherPath(String path) throws Exception {
        HttpResponse<String> response = get(path);
        if (path.equals("/fib/30.json")) {
            assertProblem(response, 400, "invalid-n");
        } else {
            assertProblem(response, 404, null);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH", "PROPFIND"})
    void knowsNoOtherMethod(String method) throws Exception {
        HttpResponse<String> response = send(request("/fib/30")
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build());

        assertProblem(response, 405, null);
        assertThat(header(response, "Allow")).contains("GET");
    }

    @Test
    void knowsNoOtherFormat() throws Exception {
        assertProblem(get("/fib/30", "Accept", "image/png"), 406, null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/fib/%2F", "/fib/%00", "/fib/[a", "/%2e%2e/etc/passwd", "/fib/%zz", "/fib/\\"})
    void answersWhatTomcatRefusesWithAProblemToo(String path) throws Exception {
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                            .getBytes(UTF_8));
            String response = new String(socket.getInputStream().readAllBytes(), UTF_8);

            assertThat(response)
                    .startsWith("HTTP/1.1 400")
                    .containsIgnoringCase("application/problem+json")
                    .contains("\"status\":400")
                    .doesNotContain("Tomcat", "Exception", "<html");
        }
    }

    @Test
    void refusesALongAnswerThatHasNoPlaceBeforeItHasBegun() throws Exception {
        MockHttpServletRequest other = new MockHttpServletRequest();
        answers.hold(other, 10_000);
        replies.reply = reply("1".repeat(10_000), Map.of());
        try {
            assertProblem(get("/fib/30"), 503, "overloaded");
            replies.reply = reply("832040", Map.of());
            assertThat(get("/fib/30").body()).isEqualTo("832040");
        } finally {
            answers.giveBack(other);
        }
        replies.reply = reply("1".repeat(10_000), Map.of());
        for (int i = 0; i < 3; i++) {
            assertThat(get("/fib/30").body()).hasSize(10_000);
        }
    }

    @ParameterizedTest
    @CsvSource({"/fib/30%00,/fib/30%00", "/fib/%2F,/fib/%2F", "/fib/%zz,/fib/%25zz", "/fib/30%2500,"})
    void namesThePathThatWasRefusedAsItCame(String path, @Nullable String instance) throws Exception {
        String response = exchange("GET " + path);

        assertThat(response).startsWith("HTTP/1.1 400");
        if (instance != null) {
            assertThat(response).contains("\"instance\":\"" + instance + "\"");
        }
    }

    @Test
    void namesTheMethodsOfTheWholeServer() throws Exception {
        assertThat(exchange("OPTIONS *")).startsWith("HTTP/1.1 200").contains("Allow: GET, HEAD, OPTIONS\r\n");
    }

    private String exchange(String request) throws IOException {
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream()
                    .write((request + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").getBytes(UTF_8));
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }

    private void assertProblem(HttpResponse<String> response, int status, @Nullable String type) {
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(header(response, "Content-Type")).isEqualTo("application/problem+json");
        assertThat(header(response, "Cache-Control")).isEqualTo("no-store");
        assertThat(response.headers().map()).doesNotContainKeys("etag", "x-fib-server");
        String body = response.body();
        assertThat(JsonPath.<String>read(body, "$.type")).isEqualTo(type == null ? "about:blank" : "/problems/" + type);
        assertThat(JsonPath.<Integer>read(body, "$.status")).isEqualTo(status);
        assertThat(JsonPath.<String>read(body, "$.title")).isNotBlank();
        assertThat(JsonPath.<String>read(body, "$.detail")).isNotBlank().doesNotContain("Exception", "com.example");
        assertThat(JsonPath.<String>read(body, "$.instance"))
                .isEqualTo(response.request().uri().getRawPath());
        assertThat(JsonPath.<String>read(body, "$.traceId")).matches("[0-9a-f]{32}");
        assertThat(response.headers().firstValue("Retry-After").isPresent()).isEqualTo(status == 503);
    }

    private static Message reply(String body, Map<String, Object> headers) {
        MessageProperties properties = new MessageProperties();
        headers.forEach(properties::setHeader);
        return new Message(body.getBytes(UTF_8), properties);
    }

    private static String header(HttpResponse<?> response, String name) {
        return String.join(",", response.headers().allValues(name));
    }

    private HttpResponse<String> get(String path, String... headers) throws Exception {
        HttpRequest.Builder request = request(path);
        return send((headers.length == 0 ? request : request.headers(headers)).build());
    }

    private HttpResponse<String> send(HttpRequest request) throws Exception {
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                .timeout(Duration.ofSeconds(10));
    }

    @TestConfiguration(proxyBeanMethods = false)
    static class Replies {

        @Bean
        CannedReplies rabbitTemplate(
                RabbitTemplateConfigurer configurer,
                ConnectionFactory connectionFactory,
                FibGatewaySettings settings,
                ObjectProvider<RabbitTemplateCustomizer> customizers) {
            CannedReplies template = new CannedReplies(settings.maxInFlight());
            configurer.configure(template, connectionFactory);
            template.setMessageConverter(new RpcMessageConverter(JsonMapper.shared()));
            customizers.orderedStream().forEach(customizer -> customizer.customize(template));
            return template;
        }
    }
}
