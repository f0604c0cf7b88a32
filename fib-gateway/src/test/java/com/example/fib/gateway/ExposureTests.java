package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.type.filter.AnnotationTypeFilter;
import org.springframework.util.ClassUtils;

/** What a stranger can reach: of Boot's endpoints no more than these, and no TRACE. */
@SpringBootTest(
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        // Nobody listens there, and nothing here needs a broker. As PagesTests has it, whose context this is.
        properties = "spring.rabbitmq.addresses=localhost:1")
class ExposureTests {

    private static final Set<String> EXPOSED = Set.of("health", "info", "prometheus");

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

    @Test
    void refusesTrace() throws Exception {
        for (String path : new String[] {"/", "/fib/30", "/nothing", "/actuator/health"}) {
            try (Socket socket = new Socket("localhost", port)) {
                socket.setSoTimeout(5_000);
                socket.getOutputStream()
                        .write(("TRACE " + path + " HTTP/1.1\r\nHost: localhost\r\nCookie: secret\r\n"
                                        + "Connection: close\r\n\r\n")
                                .getBytes(UTF_8));
                String response = new String(socket.getInputStream().readAllBytes(), UTF_8);

                assertThat(response)
                        .startsWith("HTTP/1.1 405")
                        .contains("application/problem+json", "nosniff")
                        .doesNotContain("secret");
            }
        }
    }
}
