package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.TestBroker;
import com.example.fib.system.SpanReceiver.Span;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Both services seen from outside: their traces, their logs, and the dashboard's and the alerts' questions to their metrics. */
class ObservabilityTests {

    private static final String CALLERS_SPAN = "00f067aa0ba902b7";
    private static final Path DEPLOY = Path.of("..", "deploy");
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final JsonMapper json = new JsonMapper();

    private static final TestBroker broker = TestBroker.shared();
    private static final String QUEUE = broker.newQueue();
    private static SpanReceiver traces;
    private static ServiceProcess gateway;
    private static ServiceProcess server;

    @BeforeAll
    static void start() throws Exception {
        traces = new SpanReceiver();
        Map<String, String> settings = new HashMap<>(broker.properties());
        settings.put("fib.queue.name", QUEUE);
        settings.put("fib.deadline", "3s");
        settings.put("management.opentelemetry.tracing.export.otlp.endpoint", traces.endpoint());
        settings.put("management.opentelemetry.tracing.export.schedule-delay", "100ms");
        settings.put("management.tracing.sampling.probability", "1");
        gateway = ServiceProcess.gateway(settings);
        // So that there is a failure, too, to be asked for.
        assertThat(gateway.get("/fib/30").statusCode()).isGreaterThanOrEqualTo(500);
        settings.put("logging.structured.format.console", "ecs");
        server = ServiceProcess.server(settings).awaitHealthy();
        gateway.awaitHealthy();
    }

    @AfterAll
    static void stop() {
        server.close();
        gateway.close();
        traces.close();
    }

    @Test
    void probesAndScrapesAreNoCalls() {
        String trace = newTrace();
        assertThat(get("/actuator/health/liveness", trace).statusCode()).isEqualTo(200);
        assertThat(get("/actuator/prometheus", trace).statusCode()).isEqualTo(200);
        assertThat(get("/fib/30", trace).statusCode()).isEqualTo(200);

        assertThat(spansOf(trace, found -> found.size() >= 3)).hasSize(3);
        assertThat(get("/actuator/prometheus", trace).body())
                .contains("uri=\"/fib/{n}\"")
                .doesNotContain("uri=\"/actuator");
    }

    @Test
    void oneTraceGoesFromTheCallerToTheWorker() {
        String trace = newTrace();

        assertThat(get("/fib/30", trace).body()).isEqualTo("832040");

        List<Span> spans = spansOf(trace, found -> found.size() == 3);
        Span http = only(spans, Span.SERVER);
        assertThat(http.service()).isEqualTo("fib-gateway");
        assertThat(http.parent()).isEqualTo(CALLERS_SPAN);
        Span call = only(spans, Span.CLIENT);
        assertThat(call.service()).isEqualTo("fib-gateway");
        assertThat(call.name()).isEqualTo("call " + QUEUE);
        assertThat(call.isChildOf(http)).isTrue();
        assertThat(call.attributes()).containsEntry("outcome", "ok").containsEntry("messaging.system", "rabbitmq");
        Span work = only(spans, Span.CONSUMER);
        assertThat(work.service()).isEqualTo("fib-server");
        assertThat(work.name()).isEqualTo("process " + QUEUE);
        assertThat(work.isChildOf(call)).isTrue();
        assertThat(work.attributes().get("messaging.message.conversation_id"))
                .isEqualTo(call.attributes().get("messaging.message.conversation_id"))
                .hasSize(36);
        assertThat(spans).noneMatch(Span::failed);
    }

    @Test
    void aSecondSendingIsASpanOfItsOwn() {
        String trace = newTrace();
        double hedges = metric("rpc_client_resent_total{reason=\"hedge\"}");
        CompletableFuture<HttpResponse<String>> answer;
        server.freeze();
        try {
            answer = CompletableFuture.supplyAsync(() -> get("/fib/31", trace));
            await().atMost(SOON).until(() -> metric("rpc_client_resent_total{reason=\"hedge\"}") > hedges);
        } finally {
            server.resume();
        }
        assertThat(answer.join().body()).isEqualTo("1346269");

        List<Span> spans = spansOf(trace, found -> found.size() == 6);
        Span call = only(spans, Span.CLIENT);
        Span again = only(spans, Span.PRODUCER);
        assertThat(again.isChildOf(call)).isTrue();
        assertThat(again.name()).isEqualTo("send again");
        assertThat(again.attributes()).containsEntry("rpc.resend.reason", "hedge");
        List<Span> work = spans.stream()
                .filter(span -> span.service().equals("fib-server"))
                .toList();
        assertThat(work).hasSize(2).anyMatch(span -> span.isChildOf(call)).anyMatch(span -> span.isChildOf(again));
        assertThat(spans).anyMatch(span -> span.name().equals("second reply"));
        assertThat(metric("rpc_client_replies_unclaimed_total{kind=\"second\"}"))
                .isPositive();
    }

    @Test
    void aFailureIsMarkedAndALateReplyIsInItsCallsTrace() {
        String trace = newTrace();
        HttpResponse<String> failure;
        server.freeze();
        try {
            failure = get("/fib/32", trace);
        } finally {
            server.resume();
        }
        assertThat(failure.statusCode()).isEqualTo(504);
        assertThat(failure.body()).contains("\"traceId\":\"" + trace + "\"");

        List<Span> spans = spansOf(
                trace,
                found -> found.stream().anyMatch(span -> span.name().equals("late reply"))
                        && found.stream().anyMatch(span -> span.service().equals("fib-server")));
        Span call = only(spans, Span.CLIENT);
        assertThat(call.failed()).isTrue();
        assertThat(call.attributes()).containsEntry("outcome", "deadline-exceeded");
        // It was frozen with them: nothing tells it how late it is.
        assertThat(spans)
                .filteredOn(span -> span.service().equals("fib-server"))
                .noneMatch(Span::failed);
        assertThat(metric("rpc_client_replies_unclaimed_total{kind=\"late\"}")).isPositive();
    }

    /** The gateway writes lines for people here, and the server lines of JSON. */
    @Test
    void anEventIsOneLineWhateverIsSent() throws Exception {
        gateway.get("/fib/3%0d%0aINJECTED");
        gateway.get("/%0d%0aINJECTED?a=%0d%0aINJECTED");
        BasicProperties hostile = new BasicProperties.Builder()
                .correlationId("a\r\nINJECTED")
                .replyTo("b\u2028INJECTED")
                .headers(Map.of("traceparent", "\r\nINJECTED"))
                .build();
        try (Connection connection = broker.connect();
                Channel channel = connection.createChannel()) {
            channel.basicPublish("", QUEUE, hostile, "\r\nINJECTED".getBytes(UTF_8));
        }

        await().atMost(SOON).until(() -> server.log().contains("INJECTED"));
        List<String> lines = linesOf(server, "INJECTED");
        assertThat(lines).hasSize(1);
        JsonNode event = json.readTree(lines.get(0));
        assertThat(event.path("message").asString()).startsWith("Dropped a request");
        assertThat(event.path("trace.id").asString()).matches("[0-9a-f]{32}");
        assertThat(linesOf(gateway, "INJECTED")).allMatch(line -> line.matches("\\d{4}-\\d\\d-\\d\\dT.*"));
    }

    private static List<String> linesOf(ServiceProcess service, String text) {
        return service.log().lines().filter(line -> line.contains(text)).toList();
    }

    @Test
    void dashboardAndAlertsAskForWhatThereIs() throws Exception {
        get("/fib/33", newTrace());
        List<String> queries = dashboardQueries();
        Set<String> metrics = alertMetrics();
        assertThat(queries).hasSizeGreaterThan(20);
        assertThat(metrics).hasSizeGreaterThan(8);
        try (Prometheus prometheus = new Prometheus(gateway, server)) {
            await().atMost(SOON).until(() -> prometheus.series("up == 1") == 2);
            // Two samples of each are what a rate takes.
            await().atMost(SOON).until(() -> prometheus.series("rate(process_cpu_time_ns_total[1m])") == 2);
            assertThat(queries)
                    .allSatisfy(query ->
                            assertThat(prometheus.series(query)).as(query).isPositive());
            assertThat(metrics)
                    .allSatisfy(metric ->
                            assertThat(prometheus.series(metric)).as(metric).isPositive());
        }
    }

    private static List<String> dashboardQueries() throws Exception {
        JsonNode dashboard = json.readTree(Files.readString(DEPLOY.resolve("grafana/dashboards/fib.json")));
        return StreamSupport.stream(dashboard.path("panels").spliterator(), false)
                .flatMap(panel -> StreamSupport.stream(panel.path("targets").spliterator(), false))
                .map(target -> target.path("expr").asString().replace("$__rate_interval", "1m"))
                .toList();
    }

    /** The metrics in the alerts' expressions: what is left of names with an underscore without texts, labels and functions. */
    private static Set<String> alertMetrics() throws Exception {
        Set<String> metrics = new TreeSet<>();
        boolean expression = false;
        for (String line : Files.readAllLines(DEPLOY.resolve("prometheus/alerts.yml"))) {
            String trimmed = line.strip();
            expression = trimmed.startsWith("expr:") || (expression && !trimmed.matches("[a-z]+:.*"));
            if (expression) {
                String bare = trimmed.replaceAll("\\{[^}]*}", "");
                Pattern.compile("[a-z]+(?:_[a-z]+)+(?![a-z_(])")
                        .matcher(bare)
                        .results()
                        .forEach(found -> metrics.add(found.group()));
            }
        }
        return metrics;
    }

    private static String newTrace() {
        return UUID.randomUUID().toString().replace("-", "");
    }

    private static HttpResponse<String> get(String path, String trace) {
        return gateway.get(path, "traceparent", "00-" + trace + "-" + CALLERS_SPAN + "-01");
    }

    private static List<Span> spansOf(String trace, Predicate<List<Span>> complete) {
        return await().atMost(SOON).until(() -> traces.trace(trace), complete);
    }

    private static Span only(List<Span> spans, int kind) {
        List<Span> found = spans.stream()
                .filter(span -> span.kind() == kind && !span.name().endsWith(" reply"))
                .toList();
        assertThat(found).hasSize(1);
        return found.get(0);
    }

    private static double metric(String sample) {
        return gateway.get("/actuator/prometheus")
                .body()
                .lines()
                .filter(line -> line.startsWith(sample + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(sample.length() + 1)))
                .sum();
    }
}
