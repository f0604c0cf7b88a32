package com.example.rabbitrpc.autoconfigure;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.Responder;
import com.example.fib.broker.TestBroker;
import com.example.rabbitrpc.NoServerException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.core.RabbitOperations;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * A node that is up and has lost the others. To its clients it looks like a broker of its own, and so it is one here: the first
 * address is the node cut off, the second one has all the rest. {@code ClusterFaultTests} does it to a real cluster.
 */
@Tag("faults")
@ExtendWith(OutputCaptureExtension.class)
class CutOffNodeTests {

    private static final Duration SOON = Duration.ofSeconds(10);
    private static final String LEAVES = "Calls leave the node";

    private static TestBroker cutOff;
    private static TestBroker others;

    private final String queue = "queue-" + UUID.randomUUID();
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final ExecutorService callers = Executors.newCachedThreadPool();
    private @Nullable ConfigurableApplicationContext application;

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Calls {}

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Server {

        @Bean
        Queue requests(@Value("${test.queue}") String name) {
            return new Queue(name);
        }

        @RabbitListener(queues = "${test.queue}", containerFactory = "rpcListenerContainerFactory")
        String echo(String text) {
            return text;
        }
    }

    @BeforeAll
    static void startBrokers() {
        cutOff = TestBroker.start();
        others = TestBroker.start();
    }

    @AfterAll
    static void stopBrokers() {
        cutOff.close();
        others.close();
    }

    @AfterEach
    void stop() throws Exception {
        callers.shutdownNow();
        if (application != null) {
            application.close();
        }
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    private RabbitOperations start(Class<?> configuration) {
        Map<String, String> properties = new LinkedHashMap<>(others.properties());
        properties.put(
                "spring.rabbitmq.addresses",
                cutOff.host() + ":" + cutOff.port() + "," + others.host() + ":" + others.port());
        properties.put("rabbit.rpc.client.resend-share", "0.1");
        properties.put("management.otlp.metrics.export.enabled", "false");
        properties.put("test.queue", queue);
        application = new SpringApplicationBuilder(configuration)
                .web(WebApplicationType.NONE)
                .run(properties.entrySet().stream()
                        .map(each -> "--" + each.getKey() + "=" + each.getValue())
                        .toArray(String[]::new));
        return application.getBean(RabbitOperations.class);
    }

    private void declare(TestBroker broker, String name) throws Exception {
        try (Connection connection = broker.connect();
                Channel channel = connection.createChannel()) {
            channel.queueDeclare(name, true, false, false, null);
        }
    }

    private Responder serve(TestBroker broker, String name, Responder.Handler handler) throws Exception {
        Responder server = new Responder(broker.connect(), name, handler);
        opened.add(server);
        return server;
    }

    private static @Nullable Object call(RabbitOperations rabbit, String queue, long millis) {
        return rabbit.convertSendAndReceive("", queue, "30", message -> {
            message.getMessageProperties().setExpiration(Long.toString(millis));
            return message;
        });
    }

    @Test
    void callsLeaveANodeThatKnowsOfNoConsumer(CapturedOutput output) throws Exception {
        declare(cutOff, queue);
        Responder server = serve(others, queue, Responder.ECHO);
        RabbitOperations rabbit = start(Calls.class);

        for (int i = 0; i < 5; i++) {
            assertThat(call(rabbit, queue, 5_000)).isEqualTo("30");
        }
        assertThat(server.requests()).hasSize(5);
        assertThat(output.toString().lines().filter(line -> line.contains(LEAVES)))
                .singleElement()
                .asString()
                .contains("WARN", "knows of no consumer of " + queue);
        await().atMost(SOON).untilAsserted(() -> {
            assertThat(toOtherNodes(cutOff)).isZero();
            assertThat(toOtherNodes(others)).isZero();
        });
    }

    private static long toOtherNodes(TestBroker node) {
        return node.ctl("list_connections", "client_properties", "--no-table-headers")
                .lines()
                .filter(line -> line.contains("rpc-other-node"))
                .count();
    }

    @Test
    void callsLeaveANodeThatAnswersNone(CapturedOutput output) throws Exception {
        serve(cutOff, queue, Responder.SILENT);
        serve(others, queue, Responder.ECHO);
        RabbitOperations rabbit = start(Calls.class);

        for (int i = 0; i < 3; i++) { // too short for servers that take their time
            assertThat(call(rabbit, queue, 300)).isNull();
        }
        assertThat(output).doesNotContain(LEAVES);
        assertThat(call(rabbit, queue, 5_000)).isEqualTo("30");
        assertThat(output).contains("has answered no call for some time");
    }

    @Test
    void callsStayWhereOthersAreAnswered(CapturedOutput output) throws Exception {
        String well = queue + "-well";
        serve(cutOff, queue, Responder.SILENT);
        serve(cutOff, well, Responder.ECHO);
        RabbitOperations rabbit = start(Calls.class);

        for (int i = 0; i < 10; i++) {
            CompletableFuture<Object> lost = CompletableFuture.supplyAsync(() -> call(rabbit, queue, 300), callers);
            await().until(() -> Objects.equals(call(rabbit, well, 5_000), "30") && lost.isDone());
            assertThat(lost.join()).isNull();
        }
        assertThat(output).doesNotContain(LEAVES);
    }

    /** It would be lost with the connection, or computed twice. */
    @Test
    void callsStayWhileOneWaitsThatWasSentBefore(CapturedOutput output) throws Exception {
        String slow = queue + "-slow";
        serve(cutOff, queue, Responder.SILENT);
        Responder server = serve(cutOff, slow, Responder.SILENT);
        RabbitOperations rabbit = start(Calls.class);

        CompletableFuture<Object> waits = CompletableFuture.supplyAsync(() -> call(rabbit, slow, 20_000), callers);
        await().atMost(SOON).until(() -> !server.requests().isEmpty());
        for (int i = 0; i < 10; i++) {
            assertThat(call(rabbit, queue, 300)).isNull();
        }
        server.reply(server.requests().element(), "late but right".getBytes(UTF_8));
        assertThat(waits.join()).isEqualTo("late but right");
        assertThat(output).doesNotContain(LEAVES);
    }

    @Test
    void callsStayWhereNobodyServesAnywhere(CapturedOutput output) throws Exception {
        declare(cutOff, queue);
        declare(others, queue);
        RabbitOperations rabbit = start(Calls.class);

        for (int i = 0; i < 3; i++) {
            assertThatExceptionOfType(NoServerException.class).isThrownBy(() -> call(rabbit, queue, 10_000));
        }
        assertThat(output).doesNotContain(LEAVES);
        assertThat(toOtherNodes(others)).isEqualTo(1);
    }

    @Test
    void aServerLeavesANodeThatBringsNoRequests(CapturedOutput output) throws Exception {
        declare(others, queue);
        start(Server.class);
        await().atMost(SOON).until(() -> toOtherNodes(others) == 1);
        try (RawClient client = new RawClient(others)) {
            assertThat(RawClient.body(client.call(queue, RawClient.properties().build(), "30", 15_000)))
                    .isEqualTo("30");
        }
        await().atMost(SOON.multipliedBy(2))
                .untilAsserted(
                        () -> { // and asks the one that it has left, after a pause of 10 s
                            assertThat(toOtherNodes(cutOff)).isEqualTo(1);
                            assertThat(toOtherNodes(others)).isZero();
                        });
        assertThat(output).contains("1 requests wait in the queue, and the broker delivers none to this server");
    }
}
