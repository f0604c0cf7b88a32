package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.jayway.jsonpath.JsonPath;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.amqp.core.Message;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** A gateway that is not at the root of its site: what it names is where it is. */
class MountedTests {

    private final HttpClient http = HttpClient.newHttpClient();

    @ParameterizedTest
    @CsvSource({
        "--server.servlet.context-path=/app, /app, ''",
        "--spring.mvc.servlet.path=/app, /app, ''",
        "--server.forward-headers-strategy=framework, '', /app"
    })
    void namesItsPagesWhereTheyAre(String setting, String at, String forwarded) throws Exception {
        try (ConfigurableApplicationContext gateway = start(setting)) {
            String problem = get(gateway, at + "/fib/thirty", forwarded).body();
            assertThat(JsonPath.<String>read(problem, "$.type")).isEqualTo("/app/problems/invalid-n");
            assertThat(JsonPath.<String>read(problem, "$.instance")).isEqualTo("/app/fib/thirty");
            assertThat(get(gateway, at + "/problems/invalid-n", forwarded).statusCode())
                    .isEqualTo(200);

            gateway.getBean(CannedReplies.class).reply = null;
            problem = get(gateway, at + "/fib/30", forwarded).body();
            assertThat(JsonPath.<String>read(problem, "$.type")).isEqualTo("/app/problems/deadline-exceeded");

            for (String page : new String[] {"/index.html", "/problems/no-server"}) {
                for (String file : files(get(gateway, at + page, forwarded).body())) {
                    URI resolved = URI.create(at + page).resolve(file);
                    assertThat(get(gateway, resolved.getPath(), forwarded).statusCode())
                            .as(resolved.toString())
                            .isLessThan(400);
                }
            }
            String description = get(gateway, at + "/v3/api-docs", forwarded).body();
            assertThat(JsonPath.<String>read(description, "$.servers[0].url")).isEqualTo("/app/");
            assertThat(get(gateway, at + "/swagger-ui.html", forwarded)
                            .headers()
                            .firstValue("Location"))
                    .hasValue("/app/swagger-ui/index.html");
        }
    }

    /** As a browser finds them. */
    private static List<String> files(String html) {
        Matcher files = Pattern.compile("(?:href|src)=\"([^\"#:]+)\"").matcher(html);
        assertThat(files.results()).hasSizeGreaterThan(1);
        files.reset();
        return files.results()
                .map(found -> found.group(1))
                .filter(file -> !file.startsWith("actuator"))
                .filter(file -> !file.startsWith("../actuator"))
                .toList();
    }

    @Test
    void carriesTracesOnAsItIsSet() throws Exception {
        try (ConfigurableApplicationContext gateway = start("--management.tracing.propagation.type=b3")) {
            CannedReplies replies = gateway.getBean(CannedReplies.class);
            replies.reply = new Message("832040".getBytes(UTF_8));
            assertThat(get(gateway, "/fib/30", "").statusCode()).isEqualTo(200);

            assertThat(replies.request.getMessageProperties().getHeaders()).containsOnlyKeys("b3");
        }
    }

    private static ConfigurableApplicationContext start(String... settings) {
        return new SpringApplicationBuilder(FibGatewayApplication.class, HttpTableTests.Replies.class)
                .run(Stream.concat(
                                Arrays.stream(settings),
                                Stream.of("--server.port=0", "--spring.main.allow-bean-definition-overriding=true"))
                        .toArray(String[]::new));
    }

    private HttpResponse<String> get(ConfigurableApplicationContext gateway, String path, String forwarded)
            throws Exception {
        String port = gateway.getEnvironment().getRequiredProperty("local.server.port");
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path));
        if (!forwarded.isEmpty()) {
            request.header("X-Forwarded-Prefix", forwarded);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString(UTF_8));
    }
}
