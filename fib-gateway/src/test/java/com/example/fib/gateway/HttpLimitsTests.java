package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.type.filter.AnnotationTypeFilter;
import org.springframework.util.ClassUtils;

/** What a stranger can reach: of Boot's endpoints no more than these. And take: sizes, times and connections have an end. */
@SpringBootTest(
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            // Nobody listens there, and nothing here needs a broker.
            "spring.rabbitmq.addresses=localhost:1",
            // Smaller than they are set, so that they are reached.
            "server.tomcat.connection-timeout=1s",
            "server.tomcat.max-connections=20"
        })
class HttpLimitsTests {

    private static final Set<String> EXPOSED = Set.of("health", "info", "prometheus", "sbom");

    private static final String HEAD = " HTTP/1.1\r\nHost: localhost\r\n";
    private static final Duration TIMEOUT = Duration.ofSeconds(1);

    private final HttpClient http = HttpClient.newHttpClient();

    @LocalServerPort
    private int port;

    @Test
    void exposesNoOtherEndpointOfBoot() throws Exception {
        Set<String> endpoints = endpoints();
        assertThat(endpoints)
                .hasSizeGreaterThan(15)
                .containsAll(EXPOSED)
                .contains("env", "heapdump", "loggers", "shutdown", "threaddump");
        Set<String> reachable = new TreeSet<>();
        for (String endpoint : endpoints) {
            for (String method : new String[] {"GET", "POST", "DELETE", "OPTIONS"}) {
                HttpResponse<String> response = http.send(
                        HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/actuator/" + endpoint))
                                .method(method, HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                if (response.statusCode() != 404) {
                    reachable.add(endpoint);
                }
            }
        }
        assertThat(reachable).isEqualTo(EXPOSED);
    }

    /** By name, of all that are on the classpath. */
    private static Set<String> endpoints() {
        ClassPathScanningCandidateComponentProvider scanner = new ClassPathScanningCandidateComponentProvider(false);
        scanner.addIncludeFilter(new AnnotationTypeFilter(Endpoint.class));
        Set<String> ids = new TreeSet<>();
        scanner.findCandidateComponents("org.springframework.boot").forEach(found -> {
            Class<?> type = ClassUtils.resolveClassName(String.valueOf(found.getBeanClassName()), null);
            ids.add(MergedAnnotations.from(type).get(Endpoint.class).getString("id"));
        });
        return ids;
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/fib/30", "/nothing", "/actuator/health"})
    void refusesTrace(String path) throws Exception {
        assertThat(exchange("TRACE " + path + HEAD + "Cookie: secret\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 405")
                .contains("application/problem+json", "nosniff")
                .doesNotContain("secret");
    }

    @Test
    void refusesALongRequestLine() throws Exception {
        assertThat(exchange("GET /" + "a".repeat(10_000) + HEAD + "\r\n"))
                .startsWith("HTTP/1.1 414")
                .contains("application/problem+json", "\"status\":414", "The path is longer");
    }

    @Test
    void refusesALongHeader() throws Exception {
        assertThat(exchange("GET /" + HEAD + "Cookie: " + "a".repeat(10_000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431")
                .contains("application/problem+json", "\"status\":431", "The headers are larger");
    }

    @Test
    void refusesManyHeaders() throws Exception {
        assertThat(exchange("GET /" + HEAD + "a: b\r\n".repeat(101) + "\r\n")).startsWith("HTTP/1.1 431");
    }

    @ParameterizedTest
    @ValueSource(strings = {"my_gateway", "my_gateway:8080", "a..b", "\u00fc"})
    void saysWhatIsWrongWithAHost(String host) throws Exception {
        assertThat(exchange("GET /page.css HTTP/1.1\r\nHost: " + host + "\r\n\r\n"))
                .startsWith("HTTP/1.1 400")
                .contains("application/problem+json", "The Host header is no name of a host", "no underscore");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /fib/\u0000", "G\u0000T /"})
    void saysNothingOfAHostWhereThatIsRight(String beginning) throws Exception {
        assertThat(exchange(beginning + HEAD + "\r\n"))
                .startsWith("HTTP/1.1 400")
                .doesNotContain("Host header", "The headers");
    }

    @Test
    void takesWhatIsWithinTheLimits() throws Exception {
        String most = "a: b\r\n".repeat(90) + "Cookie: " + "a".repeat(7_000) + "\r\n";
        assertThat(exchange("GET /page.css" + HEAD + most + "\r\n")).startsWith("HTTP/1.1 200");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GET /fib/30 HT", "GET /" + HEAD, "POST /" + HEAD + "Content-Length: 5\r\n\r\nab"})
    void closesAConnectionThatSaysNoMore(String beginning) throws Exception {
        long start = System.nanoTime();
        try (Socket socket = connect()) {
            write(socket, beginning);
            socket.getInputStream().readAllBytes();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(TIMEOUT.dividedBy(2), TIMEOUT.multipliedBy(4));
    }

    @Test
    void closesAConnectionAfterAHundredRequests() throws Exception {
        try (Socket socket = connect()) {
            write(socket, ("HEAD /page.css" + HEAD + "\r\n").repeat(101));
            String responses = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);

            assertThat(responses.split("HTTP/1.1 200", -1)).hasSize(101);
            assertThat(responses.split("Connection: close", -1)).hasSize(2);
        }
    }

    @Test
    void ignoresASmallBody() throws Exception {
        assertThat(exchange("GET /page.css" + HEAD + "Content-Length: 5\r\n\r\nhello" + "GET /nothing" + HEAD + "\r\n"))
                .startsWith("HTTP/1.1 200")
                .contains("HTTP/1.1 404");
    }

    /** 100 MB: answered without them, and no more read than the limit and what is in the sockets' buffers. */
    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 104857600\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n6400000\r\n"})
    void readsNoLargeBody(String body) throws Exception {
        byte[] block = new byte[1 << 16];
        int sent = 0;
        try (Socket socket = connect()) {
            write(socket, "POST /fib/30" + HEAD + body);
            try {
                for (; sent < 100 << 20; sent += block.length) {
                    socket.getOutputStream().write(block);
                }
            } catch (IOException ex) {
                // Closed, as it is to be.
            }
        }
        assertThat(sent).isLessThan(20 << 20);
        assertThat(exchange("GET /page.css" + HEAD + "\r\n")).startsWith("HTTP/1.1 200");
    }

    @Test
    void takesNoMoreConnectionsThanItsLimitUntilIdleOnesHaveEnded() throws Exception {
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                idle.add(connect());
            }
            long start = System.nanoTime();
            assertThat(exchange("GET /page.css" + HEAD + "Connection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 200");
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isBetween(TIMEOUT.dividedBy(2), TIMEOUT.multipliedBy(4));
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    /** Everything that comes back until the connection is closed; a reset is an end, too. */
    private String exchange(String request) throws IOException {
        try (Socket socket = connect()) {
            write(socket, request);
            InputStream in = socket.getInputStream();
            ByteArrayOutputStream response = new ByteArrayOutputStream();
            try {
                for (int next = in.read(); next >= 0; next = in.read()) {
                    response.write(next);
                }
            } catch (SocketException ex) {
                // What was read is what there is.
            }
            return response.toString(ISO_8859_1);
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket("localhost", port);
        socket.setSoTimeout(10_000);
        return socket;
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    }
}
