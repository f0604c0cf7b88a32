package com.example.rabbitrpc.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.Promised;
import com.example.fib.broker.Responder;
import com.example.fib.broker.TestBroker;
import com.example.rabbitrpc.NoServerException;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import com.rabbitmq.client.Delivery;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.amqp.AmqpConnectException;
import org.springframework.amqp.AmqpException;
import org.springframework.amqp.AmqpResourceNotAvailableException;
import org.springframework.amqp.AmqpTimeoutException;
import org.springframework.amqp.core.AmqpMessageReturnedException;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;

/** Every way in which a wait can end, against a real broker, and that none leaves anything behind. */
@Tag("faults")
@Tag("short")
class RpcTemplateTests {

    private static final Duration AT_ONCE = Promised.within(1_000);
    private static final long LONG_MS = 20_000;

    private static final RetryBudget NEVER_AGAIN = new RetryBudget(0, 0, 0);

    private static TestBroker broker;

    private final String queue = "queue-" + UUID.randomUUID();
    private CachingConnectionFactory connectionFactory;
    private RpcTemplate template;

    @BeforeAll
    static void startBroker() {
        broker = TestBroker.start();
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @BeforeEach
    void startTemplate() {
        connectionFactory = new CachingConnectionFactory(bounded(broker.connectionFactory()));
        connectionFactory.setCloseTimeout(2_000);
        template = start(Duration.ZERO, NEVER_AGAIN);
    }

    private RpcTemplate start(Duration hedgeAfter, RetryBudget budget) {
        RpcTemplate started = new RpcTemplate(new RpcTemplate.Limits(256, 256, hedgeAfter, 0), budget);
        started.setConnectionFactory(connectionFactory);
        started.afterPropertiesSet();
        started.start();
        return started;
    }

    private static com.rabbitmq.client.ConnectionFactory bounded(com.rabbitmq.client.ConnectionFactory factory) {
        factory.setRequestedHeartbeat(5);
        factory.setChannelRpcTimeout(5_000);
        return factory;
    }

    @AfterEach
    void leavesNothingBehind() {
        assertThat(template.pending()).isZero();
        assertThat(template.channel().queued()).isZero();
        template.stop();
        connectionFactory.destroy();
    }

    @Test
    void returnsTheReply() throws Exception {
        try (Responder server = respond(Responder.ECHO)) {
            assertThat(call("30", LONG_MS)).isEqualTo("30");

            Delivery request = server.requests().take();
            assertThat(request.getProperties().getReplyTo()).startsWith("amq.rabbitmq.reply-to.");
            assertThat(request.getProperties().getCorrelationId()).hasSize(36);
            // Nothing of Spring's own on the wire, as the mandatory flag of the plain template would put there.
            assertThat(request.getProperties().getHeaders()).isNullOrEmpty();
        }
    }

    @Test
    void givesEveryCallerItsOwnReplyOverOneChannel() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(64);
        try (Responder server = respond(Responder.ECHO)) {
            List<Future<String>> replies = IntStream.range(0, 5_000)
                    .mapToObj(n -> callers.submit(() -> call(Integer.toString(n), LONG_MS)))
                    .toList();
            for (int n = 0; n < replies.size(); n++) {
                assertThat(replies.get(n).get(30, TimeUnit.SECONDS)).isEqualTo(Integer.toString(n));
            }
            assertThat(server.requests()).hasSize(5_000);
            // One of the template, one of its watch, one of the server.
            assertThat(broker.ctl("list_channels", "pid").lines()).hasSize(3);
        } finally {
            callers.shutdownNow();
        }
    }

    @Test
    void returnsNullWhenTheTimeIsUp() throws Exception {
        try (Responder server = respond(Responder.SILENT)) {
            long start = System.nanoTime();
            assertThat(call("30", 500)).isNull();
            assertThat(since(start)).isBetween(Duration.ofMillis(500), Promised.within(750));
            assertThat(Long.parseLong(server.requests().take().getProperties().getExpiration()))
                    .isBetween(1L, 500L);
        }
    }

    @Test
    void waitsForTheReplyTimeoutWhereTheRequestSetsNone() throws Exception {
        template.setReplyTimeout(300);
        try (Responder server = respond(Responder.SILENT)) {
            long start = System.nanoTime();
            assertThat(template.sendAndReceive("", queue, new Message("30".getBytes(UTF_8))))
                    .isNull();
            assertThat(since(start)).isBetween(Duration.ofMillis(300), Promised.within(600));
            assertThat(Long.parseLong(server.requests().take().getProperties().getExpiration()))
                    .isBetween(1L, 300L);
        }
    }

    @Test
    void dropsAReplyThatComesLate() throws Exception {
        AtomicReference<Delivery> kept = new AtomicReference<>();
        try (Responder server = respond((self, request) -> {
            if (kept.getAndSet(request) != null) {
                self.reply(request, request.getBody());
            }
        })) {
            assertThat(call("30", 1_000)).isNull();
            server.reply(kept.get(), "late".getBytes(UTF_8));

            await().untilAsserted(() ->
                    assertThat(template.unclaimed(EndedCalls.Reply.LATE)).isEqualTo(1));
            assertThat(call("31", LONG_MS)).isEqualTo("31");
        }
    }

    @Test
    void dropsSecondRepliesAndThoseNobodyAskedFor() throws Exception {
        try (Responder server = respond((self, request) -> {
            self.reply(request, UUID.randomUUID().toString(), "forged".getBytes(UTF_8));
            self.reply(request, null, "forged".getBytes(UTF_8));
            self.reply(request, request.getBody());
            self.reply(request, "second".getBytes(UTF_8));
        })) {
            for (int n = 0; n < 100; n++) {
                assertThat(call(Integer.toString(n), LONG_MS)).isEqualTo(Integer.toString(n));
            }
            await().untilAsserted(() ->
                    assertThat(template.unclaimed(EndedCalls.Reply.UNKNOWN)).isEqualTo(300));
            assertThat(server.requests()).hasSize(100);
        }
    }

    @Test
    void failsAtOnceWhenNoQueueTakesTheRequest() {
        for (int n = 0; n < 1_000; n++) {
            assertThatExceptionOfType(NoServerException.class)
                    .isThrownBy(() -> call("30", LONG_MS))
                    .withCauseInstanceOf(AmqpMessageReturnedException.class);
        }
        long start = System.nanoTime();
        assertThatExceptionOfType(NoServerException.class).isThrownBy(() -> call("30", LONG_MS));
        assertThat(since(start)).isLessThan(AT_ONCE);
    }

    @Test
    void failsAloneWhenItCannotBeEncoded() throws Exception {
        try (Responder server = respond(Responder.ECHO)) {
            Message request = new Message("30".getBytes(UTF_8));
            request.getMessageProperties().setAppId("x".repeat(300));
            assertThatExceptionOfType(RuntimeException.class)
                    .isThrownBy(() -> template.sendAndReceive("", queue, request));
            assertThat(call("31", LONG_MS)).isEqualTo("31");
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void failsAtOnceWhenTheChannelIsClosed() throws Exception {
        try (Responder server = respond((self, request) -> {
            if (Responder.text(request).equals("31")) {
                self.reply(request, request.getBody());
            }
        })) {
            CompletableFuture<String> waiting = callInBackground("30");
            server.requests().take();
            // Publishing to an exchange that does not exist closes the channel for all who share it.
            assertThatExceptionOfType(RpcException.class)
                    .isThrownBy(() -> template.sendAndReceive("nowhere", queue, new Message(new byte[0])))
                    .satisfies(RpcTemplateTests::isUnavailable)
                    .withCauseInstanceOf(AmqpConnectException.class);

            assertThat(waiting).failsWithin(AT_ONCE).withThrowableThat().havingRootCause();
            assertThat(call("31", LONG_MS)).isEqualTo("31");
        }
    }

    @Test
    void failsAtOnceWhenTheConnectionIsLost() throws Exception {
        Responder server = respond(Responder.SILENT);
        CompletableFuture<String> waiting = callInBackground("30");
        server.requests().take();
        long start = System.nanoTime();
        broker.ctl("close_all_connections", "test");

        assertThat(waiting)
                .failsWithin(AT_ONCE)
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(RpcException.class)
                .withCauseInstanceOf(AmqpConnectException.class);
        assertThat(since(start)).isLessThan(Duration.ofMillis(LONG_MS));
        server.close();
        try (Responder next = respond(Responder.ECHO)) {
            assertThat(call("31", LONG_MS)).isEqualTo("31");
            assertThat(next.requests()).isNotEmpty();
        }
    }

    @Test
    void refusesAtOnceWhileTheBrokerIsGoneAndWorksAgainWhenItIsBack() throws Exception {
        Responder server = respond(Responder.SILENT);
        CompletableFuture<String> waiting = callInBackground("30");
        server.requests().take();
        broker.kill();
        try {
            assertThat(waiting)
                    .failsWithin(AT_ONCE)
                    .withThrowableThat()
                    .havingCause()
                    .isInstanceOf(RpcException.class)
                    .withCauseInstanceOf(AmqpConnectException.class);
            await().atMost(Promised.within(2_000)).untilAsserted(() -> {
                long start = System.nanoTime();
                assertThatExceptionOfType(RpcException.class)
                        .isThrownBy(() -> call("31", 1_000))
                        .satisfies(RpcTemplateTests::isUnavailable)
                        .withCauseInstanceOf(AmqpConnectException.class);
                assertThat(since(start)).isLessThan(Promised.within(100));
            });
        } finally {
            broker.restart();
        }
        server.close();
        try (Responder next = respond(Responder.ECHO)) {
            await().atMost(Promised.within(3_000))
                    .ignoreExceptionsInstanceOf(RpcException.class)
                    .untilAsserted(() -> assertThat(call("32", 1_000)).isEqualTo("32"));
            assertThat(next.requests()).isNotEmpty();
        }
    }

    @Test
    void isBoundedWhileTheBrokerIsFrozen() throws Exception {
        try (Responder server = respond(Responder.ECHO)) {
            assertThat(call("30", LONG_MS)).isEqualTo("30");
            broker.freeze();
            try {
                long start = System.nanoTime();
                assertThat(call("31", 1_000)).isNull();
                assertThat(since(start)).isLessThan(Promised.within(1_250));
            } finally {
                broker.resume();
            }
            assertThat(call("32", LONG_MS)).isEqualTo("32");
            assertThat(server.requests()).hasSizeGreaterThanOrEqualTo(2);
        }
    }

    @Test
    void isBoundedWhileItConnectsToAFrozenBroker() {
        broker.freeze();
        RpcTemplate cold = new RpcTemplate(new RpcTemplate.Limits(256, 256, Duration.ZERO, 0), NEVER_AGAIN);
        CachingConnectionFactory coldFactory = new CachingConnectionFactory(bounded(broker.connectionFactory()));
        cold.setConnectionFactory(coldFactory);
        cold.start();
        try {
            long start = System.nanoTime();
            assertThatExceptionOfType(RpcException.class)
                    .isThrownBy(() -> call(cold, "30", 1_000))
                    .satisfies(RpcTemplateTests::isUnavailable)
                    .withCauseInstanceOf(AmqpTimeoutException.class);
            assertThat(since(start)).isLessThan(Promised.within(1_250));
            assertThat(cold.pending()).isZero();
            assertThat(cold.channel().queued()).isZero();
        } finally {
            broker.resume();
            cold.stop();
            coldFactory.destroy();
        }
    }

    @Test
    void refusesAtOnceWhileAnAlarmBlocksPublishers() throws Exception {
        try (Responder server = respond(Responder.ECHO)) {
            assertThat(call("30", LONG_MS)).isEqualTo("30");
            broker.ctl("set_vm_memory_high_watermark", "absolute", "1MB");
            try {
                await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
                    long start = System.nanoTime();
                    assertThatExceptionOfType(RpcException.class)
                            .isThrownBy(() -> call("31", 500))
                            .satisfies(RpcTemplateTests::isUnavailable)
                            .withCauseInstanceOf(AmqpResourceNotAvailableException.class);
                    assertThat(since(start)).isLessThan(Promised.within(100));
                });
                assertThat(template.channel().isBlocked()).isTrue();
            } finally {
                broker.ctl("set_vm_memory_high_watermark", "0.4");
            }
            await().atMost(Duration.ofSeconds(10))
                    .ignoreExceptionsInstanceOf(RpcException.class)
                    .untilAsserted(() -> assertThat(call("32", 1_000)).isEqualTo("32"));
            assertThat(template.channel().isBlocked()).isFalse();
            assertThat(server.requests()).isNotEmpty();
        }
    }

    @Test
    void sendsOnceMoreWhatIsNotAnsweredInTime() throws Exception {
        template.stop();
        template = start(Duration.ofMillis(200), new RetryBudget(0, 2, 2));
        AtomicInteger received = new AtomicInteger();
        try (Responder server = respond((self, request) -> {
            // The first request of each call goes unanswered, as by a server that is frozen.
            if (received.incrementAndGet() % 2 == 0) {
                self.reply(request, request.getBody());
            }
        })) {
            long start = System.nanoTime();
            assertThat(call("30", LONG_MS)).isEqualTo("30");
            assertThat(since(start)).isBetween(Duration.ofMillis(200), Promised.within(700));
            assertThat(call("31", LONG_MS)).isEqualTo("31");
            // Two tokens, two second sendings.
            assertThat(call("32", 1_000)).isNull();
            assertThat(server.requests()).hasSize(5);
        }
    }

    @Test
    void countsTheOtherReplyToACallThatWasSentTwice() throws Exception {
        template.stop();
        template = start(Duration.ofMillis(100), new RetryBudget(0, 1, 1));
        try (Responder server = respond((self, request) -> {
            if (self.requests().size() == 2) {
                for (Delivery each : self.requests()) {
                    self.reply(each, each.getBody());
                }
            }
        })) {
            assertThat(call("30", LONG_MS)).isEqualTo("30");
            await().untilAsserted(() ->
                    assertThat(template.unclaimed(EndedCalls.Reply.SECOND)).isEqualTo(1));
            assertThat(template.unclaimed(EndedCalls.Reply.UNKNOWN)).isZero();
            assertThat(server.requests()).hasSize(2);
        }
    }

    @Test
    void sendsOnceMoreWhatWasSentOnAConnectionThatIsLost() throws Exception {
        template.stop();
        template = start(Duration.ZERO, new RetryBudget(0, 1, 1));
        Responder server = respond(Responder.SILENT);
        CompletableFuture<String> one = callInBackground("30");
        server.requests().take();
        CompletableFuture<String> other = callInBackground("30");
        server.requests().take();
        broker.ctl("close_all_connections", "test");

        try (Responder next = respond(Responder.ECHO)) {
            // One token, one second sending: of the two calls one is answered.
            await().atMost(Duration.ofSeconds(5)).until(() -> one.isDone() && other.isDone());
            assertThat(one.isCompletedExceptionally()).isNotEqualTo(other.isCompletedExceptionally());
            assertThat(next.requests()).hasSize(1);
        }
        server.close();
    }

    @Test
    void endsWhenItsCallerIsInterrupted() throws Exception {
        try (Responder server = respond(Responder.SILENT)) {
            Thread caller = Thread.currentThread();
            CompletableFuture<Void> interrupter = CompletableFuture.runAsync(() -> {
                await().until(() -> !server.requests().isEmpty());
                caller.interrupt();
            });
            assertThatExceptionOfType(AmqpException.class).isThrownBy(() -> call("30", LONG_MS));
            assertThat(Thread.interrupted()).isTrue();
            assertThat(interrupter).succeedsWithin(AT_ONCE);
        }
    }

    @Test
    void endsWhenTheTemplateStops() throws Exception {
        try (Responder server = respond(Responder.SILENT)) {
            CompletableFuture<String> waiting = callInBackground("30");
            server.requests().take();
            template.stop();
            assertThat(waiting).failsWithin(Duration.ofSeconds(6));
        }
    }

    private Responder respond(Responder.Handler handler) throws IOException {
        return new Responder(broker.connect(), queue, handler);
    }

    private CompletableFuture<String> callInBackground(String body) {
        return CompletableFuture.supplyAsync(() -> call(body, LONG_MS));
    }

    private @Nullable String call(String body, long millis) {
        return call(template, body, millis);
    }

    private @Nullable String call(RpcTemplate target, String body, long millis) {
        Message request = new Message(body.getBytes(UTF_8));
        request.getMessageProperties().setExpiration(Long.toString(millis));
        Message reply = target.sendAndReceive("", queue, request);
        return reply == null ? null : new String(reply.getBody(), UTF_8);
    }

    private static void isUnavailable(RpcException failure) {
        assertThat(failure.status()).isEqualTo(RpcStatus.UNAVAILABLE);
        assertThat(failure).isNotInstanceOf(NoServerException.class);
    }

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }
}
