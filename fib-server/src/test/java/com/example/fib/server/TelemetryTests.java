package com.example.fib.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP.BasicProperties;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** What a request leaves behind in metrics and in the log. Spans are looked at where both services run. */
@ExtendWith(OutputCaptureExtension.class)
class TelemetryTests {

    private static final String TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";

    private static FibServer server;

    @BeforeAll
    static void start() {
        server = FibServer.start(TestBroker.shared(), "fib.workers=1");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void writesTheCallersTraceIdIntoItsLinesAndNoOthers(CapturedOutput output) throws Exception {
        try (RawClient client = new RawClient(TestBroker.shared())) {
            // Without an address for a reply each is dropped with one line, on the one thread that there is.
            client.send(server.queue(), unanswerable("traced"), "30".getBytes(UTF_8));
            client.send(
                    server.queue(),
                    new BasicProperties.Builder().correlationId("other").build(),
                    "30".getBytes(UTF_8));

            assertThat(lineAbout("'traced'", output)).contains(TRACE_ID);
            assertThat(lineAbout("'other'", output))
                    .doesNotContain(TRACE_ID)
                    .containsPattern("[0-9a-f]{32}-[0-9a-f]{16}");
        }
    }

    private static BasicProperties unanswerable(String correlationId) {
        return new BasicProperties.Builder()
                .correlationId(correlationId)
                .headers(Map.of("traceparent", "00-" + TRACE_ID + "-00f067aa0ba902b7-01"))
                .build();
    }

    private static String lineAbout(String text, CapturedOutput output) {
        return await().until(
                        () -> output.toString()
                                .lines()
                                .filter(line -> line.contains(text))
                                .findFirst(),
                        line -> line.isPresent())
                .orElseThrow();
    }

    @Test
    void countsWhatItDidWithRequests() throws Exception {
        try (RawClient client = new RawClient(TestBroker.shared())) {
            client.call(server.queue(), "7");
            client.call(server.queue(), "30");
            client.call(server.queue(), "31");
            client.call(server.queue(), "1000001");
            BasicProperties expired =
                    RawClient.properties().headers(Map.of("x-deadline", 1L)).build();
            client.call(server.queue(), expired, "30", 1_000);
        }
        assertThat(calls("ok")).isEqualTo(3);
        assertThat(calls("out-of-range")).isEqualTo(1);
        assertThat(calls("deadline-exceeded")).isEqualTo(1);
        assertThat(calls("server-error")).isZero();
        assertThat(server.metrics().get("rpc.server.calls").timers()).hasSize(7);
        assertThat(server.metrics()
                        .get("executor.idle")
                        .tag("name", "rpc-workers")
                        .timer()
                        .count())
                .as("what a worker had to do: the other requests are short")
                .isEqualTo(1);
        assertThat(server.metrics()
                        .get("executor.queued")
                        .tag("name", "rpc-workers")
                        .gauge()
                        .value())
                .isZero();
    }

    private static long calls(String outcome) {
        return server.metrics()
                .get("rpc.server.calls")
                .tag("queue", server.queue())
                .tag("outcome", outcome)
                .timer()
                .count();
    }
}
