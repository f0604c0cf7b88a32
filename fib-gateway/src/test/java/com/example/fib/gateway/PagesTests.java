package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.rabbitrpc.web.RpcProblem;
import com.jayway.jsonpath.JsonPath;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.HttpStatus;
import org.w3c.dom.Document;

/** The pages as files: who may have them, and how; what a browser makes of them is the system tests'. */
@SpringBootTest(
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        // Nobody listens there, and no page needs a broker.
        properties = "spring.rabbitmq.addresses=localhost:1")
class PagesTests {

    private final HttpClient http = HttpClient.newHttpClient();

    @LocalServerPort
    private int port;

    /** Those of the library, and the gateway's own name for an argument that is refused. */
    static Stream<Arguments> problems() {
        return Arrays.stream(RpcProblem.values())
                .map(problem -> problem == RpcProblem.INVALID_ARGUMENT
                        ? Arguments.of("invalid-n", problem.status(), "Not a number that can be computed")
                        : Arguments.of(problem.slug(), problem.status(), problem.title()));
    }

    @ParameterizedTest
    @MethodSource("problems")
    void explainsEveryProblemAtItsType(String slug, HttpStatus status, String title) throws Exception {
        HttpResponse<String> response = get("/problems/" + slug);

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(header(response, "Content-Type")).startsWith("text/html");
        Document page = parse(response.body());
        assertThat(text(page, "h1")).isEqualTo(title);
        assertThat(text(page, "title")).startsWith(title);
        assertThat(text(page, "p")).isEqualTo(status.value() + " " + status.getReasonPhrase() + " · " + slug);
        String example = text(page, "pre");
        assertThat(JsonPath.<String>read(example, "$.type")).isEqualTo("/problems/" + slug);
        assertThat(JsonPath.<String>read(example, "$.title")).isEqualTo(title);
        assertThat(JsonPath.<Integer>read(example, "$.status")).isEqualTo(status.value());
        assertThat(get("/page.js").body()).contains("'" + slug + "': [");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/problems/nothing", "/problems/", "/problems", "/problems/no-server.html", "/problems/a/b"})
    void knowsNoOtherProblem(String path) throws Exception {
        HttpResponse<String> response = get(path);

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(header(response, "Content-Type")).isEqualTo("application/problem+json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/page.css", "/page.js", "/problems/no-server"})
    void sendsAFileOnceAndThenOnlyWhenItHasChanged(String path) throws Exception {
        HttpResponse<String> response = get(path);

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(header(response, "Cache-Control")).isEqualTo("no-cache");
        assertThat(response.headers().firstValue("Last-Modified")).isEmpty();
        String tag = header(response, "ETag");
        assertThat(get(path, "If-None-Match", tag).statusCode()).isEqualTo(304);
        assertThat(get(path, "If-None-Match", "\"another\"").statusCode()).isEqualTo(200);
    }

    @Test
    void hasAPageThatIsWellFormed() throws Exception {
        HttpResponse<String> response = get("/");

        assertThat(header(response, "Content-Type")).startsWith("text/html");
        assertThat(text(parse(response.body()), "h1")).isEqualTo("RPC over RabbitMQ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/", "/page.js", "/problems/no-server", "/fib/thirty", "/fib/%00", "/nothing", "/actuator/health"
            })
    void tellsBrowsersToTakeNothingFromElsewhere(String path) throws Exception {
        HttpResponse<String> response = get(path);

        assertThat(header(response, "Content-Security-Policy"))
                .startsWith("default-src 'self';")
                .contains("frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'")
                .doesNotContain("unsafe", "*", "http");
        assertThat(header(response, "X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(header(response, "Referrer-Policy")).isEqualTo("no-referrer");
        assertThat(header(response, "Permissions-Policy")).contains("camera=()", "microphone=()", "geolocation=()");
        assertThat(header(response, "Cross-Origin-Opener-Policy")).isEqualTo("same-origin");
        assertThat(header(response, "Cross-Origin-Resource-Policy")).isEqualTo("same-origin");
        assertThat(response.headers().firstValue("Strict-Transport-Security")).isEmpty();
    }

    /** By an XML parser, which HTML written with care passes. */
    private static Document parse(String html) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(html.getBytes(UTF_8)));
    }

    private static String text(Document page, String element) {
        return page.getElementsByTagName(element).item(0).getTextContent();
    }

    private static String header(HttpResponse<?> response, String name) {
        return String.join(",", response.headers().allValues(name));
    }

    private HttpResponse<String> get(String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path));
        return http.send(
                (headers.length == 0 ? request : request.headers(headers)).build(),
                HttpResponse.BodyHandlers.ofString(UTF_8));
    }
}
