package com.example.rabbitrpc.autoconfigure;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.example.fib.broker.Responder;
import com.example.fib.broker.TestBroker;
import com.example.rabbitrpc.NoServerException;
import com.example.rabbitrpc.RpcDeadline;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcReply;
import com.example.rabbitrpc.RpcStatus;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Delivery;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageBuilder;
import org.springframework.amqp.rabbit.core.RabbitOperations;
import org.springframework.amqp.support.converter.JacksonJsonMessageConverter;
import org.springframework.amqp.support.converter.MessageConverter;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.ParameterizedTypeReference;

/** Calls of an application that has the dependency and nothing else: what goes over the wire, and what comes back. */
@ExtendWith(OutputCaptureExtension.class)
class CallsTests {

    private static final Duration SOON = Duration.ofSeconds(10);

    private static TestBroker broker;
    private static ConfigurableApplicationContext application;
    private static RabbitOperations rabbit;

    private final String queue = "queue-" + UUID.randomUUID();
    private final List<Responder> servers = new ArrayList<>();

    record Order(String what, int count) {}

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    @Configuration(proxyBeanMethods = false)
    static class OwnConverter {

        @Bean
        MessageConverter converter() {
            return new JacksonJsonMessageConverter("com.example.rabbitrpc.*");
        }
    }

    @BeforeAll
    static void start() {
        broker = TestBroker.start();
        application = application(Application.class);
        rabbit = application.getBean(RabbitOperations.class);
    }

    @AfterAll
    static void stop() {
        application.close();
        broker.close();
    }

    private static ConfigurableApplicationContext application(Class<?>... classes) {
        return new SpringApplicationBuilder(classes)
                .web(WebApplicationType.NONE)
                .run(Stream.concat(
                                Stream.of(
                                        "--management.otlp.metrics.export.enabled=false",
                                        "--spring.application.name=calls"),
                                broker.properties().entrySet().stream()
                                        .map(setting -> "--" + setting.getKey() + "=" + setting.getValue()))
                        .toArray(String[]::new));
    }

    @AfterEach
    void stopServers() {
        servers.forEach(Responder::close);
    }

    @Test
    void textAndNumbersGoAsTheTutorialsHaveThem() throws Exception {
        Responder server = serve(Responder.ECHO);

        assertThat(rabbit.convertSendAndReceive("", queue, "f\u00fcr")).isEqualTo("f\u00fcr");
        assertThat(rabbit.convertSendAndReceive("", queue, 30)).isEqualTo("30");
        assertThat(rabbit.convertSendAndReceiveAsType("", queue, 30, new ParameterizedTypeReference<Integer>() {}))
                .isEqualTo(30);
        assertThat(rabbit.convertSendAndReceiveAsType("", queue, -7L, new ParameterizedTypeReference<Long>() {}))
                .isEqualTo(-7L);
        BigInteger large = new BigInteger("9".repeat(1_000));
        assertThat(rabbit.convertSendAndReceiveAsType(
                        "", queue, large, new ParameterizedTypeReference<BigInteger>() {}))
                .isEqualTo(large);
        Delivery request = server.requests().take();
        assertThat(request.getBody()).isEqualTo("f\u00fcr".getBytes(UTF_8));
        assertThat(request.getProperties().getContentType()).isEqualTo("text/plain");
        assertThat(request.getProperties().getDeliveryMode()).isEqualTo(1);
        assertThat(Long.parseLong(request.getProperties().getExpiration())).isBetween(1L, 5_000L);
        assertThat(request.getProperties().getHeaders()).containsOnlyKeys("traceparent");
    }

    @Test
    void allElseGoesAsJsonWithoutTheNamesOfClasses() throws Exception {
        Responder server = serve(CallsTests::echoJson);
        List<Order> orders = List.of(new Order("tea", 2), new Order("\u00fc", 1));

        assertThat(rabbit.convertSendAndReceiveAsType(
                        "", queue, orders.get(0), new ParameterizedTypeReference<Order>() {}))
                .isEqualTo(orders.get(0));
        assertThat(rabbit.convertSendAndReceiveAsType(
                        "", queue, orders, new ParameterizedTypeReference<List<Order>>() {}))
                .isEqualTo(orders);
        RpcReply<List<Order>> reply = Objects.requireNonNull(rabbit.convertSendAndReceiveAsType(
                "", queue, orders, new ParameterizedTypeReference<RpcReply<List<Order>>>() {}));
        assertThat(reply.body()).isEqualTo(orders);
        assertThat(reply.server()).isEqualTo("s1");
        assertThat(reply.computeTime()).isEqualTo(Duration.ofNanos(1_500_000));
        assertThat(reply.correlationId()).hasSize(36);
        assertThat(rabbit.convertSendAndReceive("", queue, orders.get(0))).isEqualTo(Map.of("what", "tea", "count", 2));
        Delivery request = server.requests().take();
        assertThat(request.getProperties().getContentType()).isEqualTo("application/json");
        assertThat(request.getProperties().getHeaders()).containsOnlyKeys("traceparent");
    }

    @Test
    void bytesAreBytes() throws Exception {
        serve(Responder.ECHO);
        byte[] bytes = {0, -1, 127};

        assertThat(rabbit.convertSendAndReceiveAsType("", queue, bytes, new ParameterizedTypeReference<byte[]>() {}))
                .isEqualTo(bytes);
        Message reply =
                rabbit.sendAndReceive("", queue, MessageBuilder.withBody(bytes).build());
        assertThat(Objects.requireNonNull(reply).getBody()).isEqualTo(bytes);
    }

    @Test
    void plainSendsAreAsEver() throws Exception {
        Responder server = serve(Responder.SILENT);

        rabbit.convertAndSend("", queue, "30");
        Delivery message = server.requests().take();
        assertThat(message.getProperties().getDeliveryMode()).as("persistent").isEqualTo(2);
        assertThat(message.getProperties().getReplyTo()).isNull();
        assertThat(message.getProperties().getExpiration()).isNull();
    }

    @Test
    void aPostProcessorIsAsked() throws Exception {
        Responder server = serve(Responder.ECHO);

        rabbit.convertSendAndReceive("", queue, "30", request -> {
            request.getMessageProperties().setHeader("tenant", "a");
            return request;
        });
        assertThat(server.requests().take().getProperties().getHeaders().get("tenant"))
                .hasToString("a");
    }

    @Test
    void aCallHasADeadlineOfItsOwn() throws Exception {
        Responder server = serve(Responder.SILENT);
        long start = System.nanoTime();

        assertThat(rabbit.convertSendAndReceive("", queue, "30", RpcDeadline.in(Duration.ofMillis(300))))
                .isNull();
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofMillis(299), Duration.ofMillis(2_000));
        assertThat(Long.parseLong(server.requests().take().getProperties().getExpiration()))
                .isLessThanOrEqualTo(300);
    }

    static Stream<String> executors() {
        return Stream.of("newCachedThreadPool", "newVirtualThreadPerTaskExecutor")
                .filter(name -> Runtime.version().feature() >= 21 || !name.contains("Virtual"));
    }

    @ParameterizedTest
    @MethodSource("executors")
    void manyThreadsCallSeveralQueues(String kind) throws Exception {
        List<String> queues = List.of(queue, queue + "-b", queue + "-c");
        for (String name : queues) {
            servers.add(new Responder(broker.connect(), name, Responder.ECHO));
        }
        ExecutorService callers =
                (ExecutorService) Executors.class.getMethod(kind).invoke(null);
        try {
            List<Future<Object>> replies = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                String body = Integer.toString(i);
                String to = queues.get(i % queues.size());
                replies.add(callers.submit(() -> rabbit.convertSendAndReceive("", to, body)));
            }
            for (int i = 0; i < replies.size(); i++) {
                assertThat(replies.get(i).get(30, TimeUnit.SECONDS)).isEqualTo(Integer.toString(i));
            }
        } finally {
            callers.shutdownNow();
        }
    }

    @Test
    void anOwnMessageConverterIsRespected() throws Exception {
        Responder server = serve(CallsTests::echoJson);
        try (ConfigurableApplicationContext own = application(Application.class, OwnConverter.class)) {
            assertThat(own.getBean(RabbitOperations.class)
                            .convertSendAndReceiveAsType(
                                    "", queue, new Order("tea", 2), new ParameterizedTypeReference<Order>() {}))
                    .isEqualTo(new Order("tea", 2));
            assertThat(server.requests().take().getProperties().getHeaders()).containsKey("__TypeId__");
        }
    }

    /** With nothing set, the client sends once what it cannot know to have been computed. */
    @Test
    void nothingIsSentTwice() throws Exception {
        Responder server = serve(Responder.SILENT);
        CompletableFuture<Object> waiting = CompletableFuture.supplyAsync(
                () -> rabbit.convertSendAndReceive("", queue, "30", RpcDeadline.in(Duration.ofMinutes(2))));
        server.requests().take();
        broker.ctl("list_connections", "pid", "client_properties")
                .lines()
                .filter(connection -> connection.contains("calls@"))
                .forEach(connection ->
                        broker.ctl("close_connection", connection.substring(0, connection.indexOf('\t')), "test"));

        assertThat(waiting)
                .failsWithin(SOON)
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(RpcException.class)
                .satisfies(ex -> assertThat(((RpcException) ex).status()).isEqualTo(RpcStatus.UNAVAILABLE));
        assertThat(rabbit.convertSendAndReceive("", queue, "31", RpcDeadline.in(Duration.ofSeconds(1))))
                .as("slow")
                .isNull();
        assertThat(server.requests()).as("the second call").hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "INVALID_ARGUMENT,No such tea.",
        "OUT_OF_RANGE,No such tea.",
        "DEADLINE_EXCEEDED,No such tea.",
        "RESOURCE_EXHAUSTED,No such tea.",
        "UNAVAILABLE,No such tea.",
        "INTERNAL,The server failed.",
        "SOMETHING_ELSE,The server failed."
    })
    void aFailureReplyIsAnExceptionWhicheverWayItIsAskedFor(String status, String detail) throws Exception {
        serve((self, request) -> self.reply(
                request,
                request.getProperties().getCorrelationId(),
                new BasicProperties.Builder().headers(Map.of("x-rpc-status", status)),
                "No such tea.".getBytes(UTF_8)));
        List<Runnable> calls = List.of(
                () -> rabbit.convertSendAndReceive("", queue, "30"),
                () -> rabbit.sendAndReceive("", queue, new Message("30".getBytes(UTF_8))),
                () -> rabbit.convertSendAndReceiveAsType(
                        "", queue, "30", new ParameterizedTypeReference<RpcReply<String>>() {}));
        for (Runnable call : calls) {
            assertThatExceptionOfType(RpcException.class).isThrownBy(call::run).satisfies(ex -> {
                assertThat(ex.status())
                        .isEqualTo(status.equals("SOMETHING_ELSE") ? RpcStatus.INTERNAL : RpcStatus.valueOf(status));
                assertThat(ex.detail()).isEqualTo(detail);
                assertThat(ex instanceof NoServerException).isEqualTo(status.equals("UNAVAILABLE"));
            });
        }
    }

    @Test
    void whatAServerSaysOfItsInsideIsOneLineOfTheLog(CapturedOutput output) throws Exception {
        serve((self, request) -> self.reply(
                request,
                request.getProperties().getCorrelationId(),
                new BasicProperties.Builder().headers(Map.of("x-rpc-status", "INTERNAL")),
                "jdbc:secret\r\nINJECTED".getBytes(UTF_8)));
        org.awaitility.Awaitility.await().atMost(SOON).untilAsserted(() -> {
            assertThatExceptionOfType(RpcException.class)
                    .isThrownBy(() -> rabbit.convertSendAndReceive("", queue, "30"))
                    .withMessage("The server failed.");
            assertThat(output.getOut()).contains("jdbc:secret INJECTED");
        });
        assertThat(output.getOut()).doesNotContain("\nINJECTED");
    }

    @ParameterizedTest
    @ValueSource(strings = {"+1", "1.5", "\u0663", "", " 1", "99999999999"})
    void aReplyThatIsNotWhatWasAskedForIsAFailure(String body) throws Exception {
        serve((self, request) -> self.reply(request, body.getBytes(UTF_8)));

        assertThatExceptionOfType(RpcException.class)
                .isThrownBy(() ->
                        rabbit.convertSendAndReceiveAsType("", queue, 30, new ParameterizedTypeReference<Integer>() {}))
                .satisfies(ex -> assertThat(ex.status()).isEqualTo(RpcStatus.INTERNAL))
                .withMessage("The reply cannot be read.");
    }

    @Test
    void aNameThatNoQueueCanHaveIsRefused() {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> rabbit.convertSendAndReceive("", "\u00fc".repeat(150), "30"))
                .withMessageContaining("255 bytes");
    }

    private static void echoJson(Responder self, Delivery request) throws IOException {
        self.reply(
                request,
                request.getProperties().getCorrelationId(),
                new BasicProperties.Builder()
                        .contentType("application/json")
                        .headers(Map.of("x-rpc-status", "OK", "x-rpc-server", "s1", "x-rpc-compute-us", 1500L)),
                request.getBody());
    }

    private Responder serve(Responder.Handler handler) throws IOException {
        Responder server = new Responder(broker.connect(), queue, handler);
        servers.add(server);
        return server;
    }
}
