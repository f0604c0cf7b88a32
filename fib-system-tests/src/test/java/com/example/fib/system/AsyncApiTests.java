package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.LongString;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** docs/asyncapi.yaml against what both services put on the wire, and against docs/contract.md. */
class AsyncApiTests {

    private static final Path DOCS = Path.of("..", "docs");

    private final TestBroker broker = TestBroker.shared();
    private final Map<String, Object> document;

    AsyncApiTests() throws Exception {
        document = new Yaml().load(Files.readString(DOCS.resolve("asyncapi.yaml")));
    }

    @BeforeEach
    void deleteQueue() {
        broker.deleteQueue();
    }

    @Test
    void describesTheRequestThatTheGatewaySends() throws Exception {
        BlockingQueue<Delivery> requests = new LinkedBlockingQueue<>();
        try (Connection connection = broker.connect();
                Channel channel = connection.createChannel()) {
            channel.queueDeclare(broker.queue(), true, false, false, null);
            channel.basicConsume(broker.queue(), true, (tag, request) -> requests.add(request), tag -> {});
            try (ServiceProcess gateway =
                    ServiceProcess.gateway(broker.properties()).awaitHealthy()) {
                CompletableFuture<Integer> call = CompletableFuture.supplyAsync(
                        () -> gateway.get("/fib/30", "Prefer", "wait=1").statusCode());
                Delivery request = Objects.requireNonNull(requests.poll(10, TimeUnit.SECONDS), "no request");

                Map<String, Object> headers = assertFits("request", request);
                Set<String> described = new HashSet<>(properties("request").keySet());
                assertThat(described.remove("x-deadline"))
                        .as("what others send")
                        .isTrue();
                assertThat(headers.keySet()).isEqualTo(described);
                assertThat(call.join()).isEqualTo(504);
            }
        }
    }

    @Test
    void describesTheRepliesThatTheServerSends() throws Exception {
        BlockingQueue<Delivery> replies = new LinkedBlockingQueue<>();
        try (ServiceProcess server = ServiceProcess.server(broker.properties()).awaitHealthy();
                Connection connection = broker.connect();
                Channel channel = connection.createChannel()) {
            channel.basicConsume("amq.rabbitmq.reply-to", true, (tag, reply) -> replies.add(reply), tag -> {});
            Map<String, String> statuses = new LinkedHashMap<>();
            for (String body : List.of("30", "thirty", "1000001")) {
                AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder()
                        .replyTo("amq.rabbitmq.reply-to")
                        .correlationId("call-" + body)
                        .build();
                channel.basicPublish("", broker.queue(), properties, body.getBytes(UTF_8));
                Delivery reply = Objects.requireNonNull(replies.poll(10, TimeUnit.SECONDS), "no reply");
                String message = body.equals("30") ? "result" : "failure";

                Map<String, Object> headers = assertFits(message, reply);
                assertThat(headers.keySet()).isEqualTo(properties(message).keySet());
                assertThat(headers).containsEntry("correlation_id", "call-" + body);
                statuses.put(body, String.valueOf(headers.get("x-rpc-status")));
            }
            assertThat(statuses.values()).containsExactly("OK", "INVALID_ARGUMENT", "OUT_OF_RANGE");
            assertThat(server.isAlive()).isTrue();
        }
    }

    @Test
    void saysWhatTheContractSays() throws Exception {
        String contract = Files.readString(DOCS.resolve("contract.md"));
        List<Object> names = new ArrayList<>();
        names.add(at("channels", "requests", "address"));
        for (String message : List.of("request", "result", "failure")) {
            names.addAll(properties(message).keySet());
            names.addAll(list(map(properties(message), "x-rpc-status"), "enum"));
        }
        // In words, there.
        assertThat(names.stream().filter(name -> !name.equals("delivery_mode")))
                .hasSizeGreaterThan(15)
                .allSatisfy(name -> assertThat(contract).contains("`" + name + "`"));
    }

    @Test
    void givesExamplesThatFit() {
        for (String message : List.of("request", "result", "failure")) {
            for (Object example : list(map(document, "components", "messages", message), "examples")) {
                Map<String, Object> parts = asMap(example);
                assertFits(message, asMap(parts.get("headers")), String.valueOf(parts.get("payload")));
            }
        }
    }

    @Test
    void refersToNothingThatIsNotThere() {
        List<String> references = new ArrayList<>();
        collectReferences(document, references);
        assertThat(references).hasSizeGreaterThan(10).allSatisfy(reference -> assertThat(
                        at(reference.substring(2).split("/", -1)))
                .isNotNull());
    }

    private Map<String, Object> assertFits(String message, Delivery delivery) {
        AMQP.BasicProperties properties = delivery.getProperties();
        Map<String, Object> headers = new LinkedHashMap<>();
        putIfThere(headers, "correlation_id", properties.getCorrelationId());
        putIfThere(headers, "reply_to", properties.getReplyTo());
        putIfThere(headers, "delivery_mode", properties.getDeliveryMode());
        putIfThere(headers, "expiration", properties.getExpiration());
        if (properties.getHeaders() != null) {
            properties
                    .getHeaders()
                    .forEach(
                            (name, value) -> headers.put(name, value instanceof LongString ? value.toString() : value));
        }
        assertThat(properties.getContentType()).isEqualTo(at("components", "messages", message, "contentType"));
        assertFits(message, headers, new String(delivery.getBody(), UTF_8));
        return headers;
    }

    /** Nothing that is not described, nothing missing that is required, and each as its schema says. */
    private void assertFits(String message, Map<String, Object> headers, String payload) {
        Map<String, Object> properties = properties(message);
        assertThat(properties.keySet()).containsAll(headers.keySet());
        assertThat(headers.keySet())
                .containsAll(list(map(document, "components", "messages", message, "headers"), "required").stream()
                        .map(Object::toString)
                        .toList());
        headers.forEach((name, value) -> assertValue(name, map(properties, name), value));
        assertValue("payload", map(document, "components", "messages", message, "payload"), payload);
    }

    private void assertValue(String name, Map<String, Object> schema, Object value) {
        Map<String, Object> resolved = schema;
        if (schema.get("$ref") instanceof String reference) {
            resolved = asMap(at(reference.substring(2).split("/", -1)));
        }
        assertThat(value instanceof Number ? "integer" : "string").as(name).isEqualTo(resolved.get("type"));
        if (resolved.containsKey("pattern")) {
            assertThat(value.toString()).as(name).matches(String.valueOf(resolved.get("pattern")));
        }
        if (resolved.containsKey("enum")) {
            assertThat(list(resolved, "enum").stream().map(Object::toString))
                    .as(name)
                    .contains(value.toString());
        }
        if (resolved.get("maxLength") instanceof Integer longest) {
            assertThat(value.toString()).as(name).hasSizeBetween(1, longest);
        }
    }

    private Map<String, Object> properties(String message) {
        return map(document, "components", "messages", message, "headers", "properties");
    }

    private Object at(String... path) {
        Object found = document;
        for (String name : path) {
            found = Objects.requireNonNull(asMap(found).get(name), name);
        }
        return found;
    }

    private static Map<String, Object> map(Map<String, Object> from, String... path) {
        Map<String, Object> found = from;
        for (String name : path) {
            found = found.containsKey(name) ? asMap(found.get(name)) : Map.of();
        }
        return found;
    }

    private static List<?> list(Map<String, Object> from, String name) {
        return from.get(name) instanceof List<?> list ? list : List.of();
    }

    @SuppressWarnings("unchecked") // YAML's maps are this
    private static Map<String, Object> asMap(@Nullable Object map) {
        return (Map<String, Object>) Objects.requireNonNull(map);
    }

    private static void collectReferences(@Nullable Object node, List<String> references) {
        if (node instanceof Map<?, ?> map) {
            map.forEach((name, value) -> {
                if (name.equals("$ref")) {
                    references.add(value.toString());
                } else {
                    collectReferences(value, references);
                }
            });
        } else if (node instanceof List<?> list) {
            list.forEach(item -> collectReferences(item, references));
        }
    }

    private static void putIfThere(Map<String, Object> headers, String name, @Nullable Object value) {
        if (value != null) {
            headers.put(name, value);
        }
    }
}
