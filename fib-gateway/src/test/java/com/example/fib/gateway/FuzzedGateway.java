package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import com.example.fib.broker.Responder;
import com.example.fib.broker.TestBroker;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** A gateway with one server, for random input: whatever it was, the next call is answered, and nothing was logged. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@ExtendWith(OutputCaptureExtension.class)
@DirtiesContext // Spring would stop it between the two classes, and start it again on another port than the tests know.
abstract class FuzzedGateway {

    private static final String QUEUE = TestBroker.shared().newQueue();

    /** What the server does with a request. */
    static volatile Responder.Handler handler = Responder.COMPUTES;

    private static Responder server;

    private final HttpClient http = HttpClient.newHttpClient();

    /** As {@link com.example.fib.broker.Fuzz#run} says it. */
    String inputs = "";

    @LocalServerPort
    int port;

    @DynamicPropertySource
    static void broker(DynamicPropertyRegistry registry) {
        TestBroker.shared().properties().forEach((name, value) -> registry.add(name, () -> value));
        registry.add("fib.queue.name", () -> QUEUE);
    }

    @BeforeAll
    static void startServer() throws IOException {
        server = new Responder(TestBroker.shared().connect(), QUEUE, (self, request) -> {
            self.requests().clear();
            handler.handle(self, request);
        });
    }

    @AfterAll
    static void stopServer() throws Exception {
        server.close();
    }

    @BeforeEach
    void awaitServer() {
        Awaitility.await().until(() -> get("/fib/30").statusCode() == 200);
    }

    @AfterEach
    void answersTheNext(CapturedOutput output) {
        handler = Responder.COMPUTES;
        assertThatNoException()
                .as(inputs)
                .isThrownBy(() -> assertThat(get("/fib/30").body()).isEqualTo("832040"));
        assertThat(output).as(inputs).doesNotContain(" ERROR ", " WARN ", "\tat ");
    }

    HttpResponse<String> get(String path) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                        .timeout(Duration.ofSeconds(8))
                        .build(),
                HttpResponse.BodyHandlers.ofString(ISO_8859_1));
    }
}
