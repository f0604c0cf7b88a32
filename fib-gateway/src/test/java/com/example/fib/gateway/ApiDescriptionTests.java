package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.rabbitrpc.NoServerException;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import com.example.rabbitrpc.web.RpcProblem;
import com.jayway.jsonpath.JsonPath;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.amqp.AmqpConnectException;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ConfigurableApplicationContext;

/** The OpenAPI description against what the gateway does: all of it happens, and nothing else. */
@SpringBootTest(
        classes = {FibGatewayApplication.class, HttpTableTests.Replies.class},
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = "spring.main.allow-bean-definition-overriding=true")
class ApiDescriptionTests {

    /** What HTTP and the filters add to every response. */
    private static final Set<String> OF_ALL = Set.of(
            "connection",
            "content-length",
            "content-security-policy",
            "content-type",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "date",
            "keep-alive",
            "permissions-policy",
            "referrer-policy",
            "transfer-encoding",
            "x-content-type-options");

    private final HttpClient http = HttpClient.newHttpClient();
    /** Status, media type, and of failures the type: as they came. */
    private final Set<String> seen = new TreeSet<>();

    @LocalServerPort
    private int port;

    @Autowired
    private CannedReplies replies;

    private String description = "";

    @BeforeEach
    void describe() throws Exception {
        replies.failure = null;
        replies.reply = null;
        HttpResponse<String> response = get("/v3/api-docs");
        assertThat(response.statusCode()).isEqualTo(200);
        description = response.body();
    }

    @Test
    void describesWhatHappensAndNothingElse() throws Exception {
        replies.reply = reply("832040", Map.of("x-rpc-status", "OK", "x-rpc-server", "w1", "x-rpc-compute-us", 1500L));
        String tag = see("/fib/30").headers().firstValue("ETag").orElseThrow();
        see("/fib/30", "Accept", "application/json");
        see("/fib/30", "Prefer", "wait=1");
        see("/fib/30", "If-None-Match", tag);
        see("/fib/thirty");
        see("/fib/%2F");
        see("/fib/30", "Accept", "image/png");
        for (String status : List.of("OUT_OF_RANGE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "INTERNAL")) {
            replies.reply = reply("The server says no.", Map.of("x-rpc-status", status));
            see("/fib/30");
        }
        replies.reply = null;
        see("/fib/30", "Prefer", "wait=1");
        replies.failure = new NoServerException("Nobody takes requests from the queue.", null);
        see("/fib/30");
        replies.failure = new RpcException(
                RpcStatus.UNAVAILABLE,
                "The connection to the broker was lost.",
                new AmqpConnectException("lost", new IOException("reset")));
        see("/fib/30", "Prefer", "wait=1");
        replies.failure = new IllegalStateException("a bug");
        see("/fib/30");

        assertThat(seen).isEqualTo(described());
    }

    @Test
    void givesExamplesThatAreTrue() {
        Map<String, Map<String, Object>> responses = read("$.paths['/fib/{n}'].get.responses");
        int examples = 0;
        for (String status : responses.keySet()) {
            String at =
                    "$.paths['/fib/{n}'].get.responses['" + status + "'].content['application/problem+json'].examples";
            if (Integer.parseInt(status) >= 400) {
                Map<String, Object> ofStatus = read(at);
                for (String name : ofStatus.keySet()) {
                    Map<String, Object> example = read(at + "['" + name + "'].value");
                    assertFits("Problem", example);
                    assertThat(example.get("status")).hasToString(status);
                    examples++;
                }
            }
        }
        assertThat(examples).isEqualTo(RpcProblem.values().length + 3);
        assertFits("Result", read("$.paths['/fib/{n}'].get.responses['200'].content['application/json'].example"));
    }

    @Test
    void describesTheCallAndNoOther() {
        assertThat(this.<Map<String, Object>>read("$.paths")).containsOnlyKeys("/fib/{n}");
        assertThat(this.<Map<String, Object>>read("$.paths['/fib/{n}']")).containsOnlyKeys("get");
        assertThat(this.<List<String>>read("$.paths['/fib/{n}'].get.parameters[*].name"))
                .containsExactly("n", "Prefer", "If-None-Match");
        assertThat(this.<List<String>>read("$.paths['/fib/{n}'].get.parameters[0].schema[*]"))
                .contains("string", "^[0-9]{1,20}$");
        assertThat(this.<String>read("$.openapi")).startsWith("3.1");
        assertThat(this.<List<String>>read("$.servers[*].url")).containsExactly("/");
        assertThat(description).doesNotContain("com.example", "localhost");
    }

    @Test
    void hasAPageThatTakesNothingFromElsewhere() throws Exception {
        assertThat(get("/swagger-ui.html").headers().firstValue("Location")).hasValue("/swagger-ui/index.html");
        HttpResponse<String> page = get("/swagger-ui/index.html");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body()).doesNotContain("http://", "https://", "<script>", "style=");
        assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                .startsWith("default-src 'self';");
        assertThat(get("/swagger-ui/swagger-initializer.js").body())
                .contains("url: '../v3/api-docs'", "validatorUrl: ''")
                .doesNotContain("http");
        for (String file : List.of("swagger-ui.css", "index.css", "swagger-ui-bundle.js")) {
            assertThat(get("/swagger-ui/" + file).statusCode()).as(file).isEqualTo(200);
        }
    }

    @Test
    void isSwitchedOffByOneSetting() throws Exception {
        try (ConfigurableApplicationContext other = new SpringApplicationBuilder(FibGatewayApplication.class)
                .run(
                        "--server.port=0",
                        "--spring.rabbitmq.addresses=localhost:1",
                        "--springdoc.api-docs.enabled=false")) {
            String address = "http://localhost:" + other.getEnvironment().getProperty("local.server.port");
            for (String path :
                    List.of("/v3/api-docs", "/v3/api-docs.yaml", "/swagger-ui.html", "/swagger-ui/index.html")) {
                HttpRequest request =
                        HttpRequest.newBuilder(URI.create(address + path)).build();
                assertThat(http.send(request, HttpResponse.BodyHandlers.discarding())
                                .statusCode())
                        .as(path)
                        .isEqualTo(404);
            }
        }
    }

    /** Makes a call, and holds its response against what the description says of its status. */
    private HttpResponse<String> see(String path, String... headers) throws Exception {
        HttpResponse<String> response = get(path, headers);
        String at = "$.paths['/fib/{n}'].get.responses['" + response.statusCode() + "']";
        Map<String, Object> asDescribed = read(at);
        String type = response.headers()
                .firstValue("Content-Type")
                .map(value -> value.split(";", 2)[0])
                .orElse("");
        seen.add((response.statusCode() + " " + type + " " + problemType(response)).strip());

        Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        names.addAll(OF_ALL);
        this.<Map<String, Object>>read(at + ".headers").keySet().forEach(names::add);
        assertThat(response.headers().map().keySet())
                .as("headers of %s", response)
                .allMatch(names::contains);

        if (!type.isEmpty()) {
            assertThat(asDescribed).containsKey("content");
            Map<String, Object> schema = read(at + ".content['" + type + "'].schema");
            if (schema.containsKey("$ref")) {
                String name = String.valueOf(schema.get("$ref")).replace("#/components/schemas/", "");
                assertFits(name, JsonPath.read(response.body(), "$"));
            } else {
                assertThat(response.body()).matches(String.valueOf(schema.get("pattern")));
            }
        }
        return response;
    }

    private static String problemType(HttpResponse<String> response) {
        return response.statusCode() < 400 ? "" : JsonPath.read(response.body(), "$.type");
    }

    /** The same lines from the description's side: a response's media types, and of problems the examples' types. */
    private Set<String> described() {
        Set<String> described = new TreeSet<>();
        this.<Map<String, Map<String, Map<String, Object>>>>read("$.paths['/fib/{n}'].get.responses")
                .forEach((status, response) -> {
                    Map<String, Object> content = response.get("content");
                    if (content == null) {
                        described.add(status);
                    } else if (Integer.parseInt(status) < 400) {
                        content.keySet().forEach(type -> described.add(status + " " + type));
                    } else {
                        this.<List<String>>read("$.paths['/fib/{n}'].get.responses['" + status
                                        + "'].content['application/problem+json'].examples[*].value.type")
                                .forEach(type -> described.add(status + " application/problem+json " + type));
                    }
                });
        return described;
    }

    /** No member that the schema does not know, none missing that it requires, each of its type and pattern. */
    private void assertFits(String schema, Map<String, Object> object) {
        Map<String, Map<String, Object>> properties = read("$.components.schemas." + schema + ".properties");
        assertThat(properties.keySet()).containsAll(object.keySet());
        assertThat(object.keySet())
                .containsAll(this.<List<String>>read("$.components.schemas." + schema + ".required"));
        object.forEach((name, value) -> {
            Map<String, Object> property = Objects.requireNonNull(properties.get(name));
            assertThat(value.getClass().getSimpleName().toLowerCase(Locale.ROOT))
                    .isEqualTo(property.get("type"));
            Object pattern = property.get("pattern");
            if (pattern != null) {
                assertThat(value.toString()).matches(pattern.toString());
            }
        });
    }

    @SuppressWarnings("TypeParameterUnusedInFormals") // JsonPath's own way
    private <T> T read(String path) {
        return JsonPath.read(description, path);
    }

    private static Message reply(String body, Map<String, Object> headers) {
        MessageProperties properties = new MessageProperties();
        properties.setCorrelationId("3f9c");
        headers.forEach(properties::setHeader);
        return new Message(body.getBytes(UTF_8), properties);
    }

    private HttpResponse<String> get(String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path));
        return http.send(
                (headers.length == 0 ? request : request.headers(headers)).build(),
                HttpResponse.BodyHandlers.ofString(UTF_8));
    }
}
