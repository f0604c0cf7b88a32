package com.example.rabbitrpc.autoconfigure;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.Responder;
import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ConnectionFactory;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.amqp.AmqpConnectException;
import org.springframework.amqp.core.AmqpMessageReturnedException;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.boot.amqp.health.RabbitHealthIndicator;
import org.springframework.boot.health.contributor.Status;

/**
 * What Spring AMQP and the client do where nothing of ours mends them: a fault a test, each with the class that mends it.
 * One that fails after an upgrade is good news: the fault is gone, and its mend can go, too.
 */
@Tag("faults")
class UnmendedSpringTests {

    private static final long REPLY_TIMEOUT_MS = 1_000;
    private static final Duration FAR_TOO_LONG = Duration.ofSeconds(2);

    private static TestBroker broker;

    private final String queue = "queue-" + UUID.randomUUID();
    private CachingConnectionFactory connectionFactory;
    private RabbitTemplate template;

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
        ConnectionFactory client = broker.connectionFactory();
        client.setHandshakeTimeout(ConnectionFactory.DEFAULT_HANDSHAKE_TIMEOUT);
        connectionFactory = new CachingConnectionFactory(client);
        connectionFactory.setCloseTimeout(2_000);
        template = new RabbitTemplate(connectionFactory);
        template.setReplyTimeout(REPLY_TIMEOUT_MS);
        template.start();
    }

    @AfterEach
    void stopTemplate() {
        template.stop();
        connectionFactory.destroy();
    }

    /** {@code RpcTemplate} needs one channel. */
    @Test
    void takesAChannelForEachCallInFlight() throws Exception {
        template.setReplyTimeout(20_000);
        ExecutorService callers = Executors.newFixedThreadPool(50);
        try (Responder server = new Responder(broker.connect(), queue, Responder.SILENT)) {
            IntStream.range(0, 50).forEach(n -> callers.execute(() -> call("30")));
            await().until(() -> server.requests().size() == 50);
            assertThat(channels()).isEqualTo(50 + 1);
            template.stop();
        } finally {
            callers.shutdownNow();
        }
    }

    /** {@code RpcTemplate} fails what waits as soon as the connection is lost. */
    @Test
    void sleepsThroughALostConnection() throws Exception {
        template.setReplyTimeout(3_000);
        try (Responder server = new Responder(broker.connect(), queue, Responder.SILENT)) {
            CompletableFuture<String> waiting = CompletableFuture.supplyAsync(() -> call("30"));
            server.requests().take();
            broker.ctl("close_all_connections", "test");
            assertRunsOn(waiting, FAR_TOO_LONG);
            assertThat(waiting).succeedsWithin(Duration.ofSeconds(3)).isNull();
        }
    }

    /** {@code ReplyChannel} connects on a thread of its own, so that a caller waits for its time only. */
    @Test
    void isNotBoundedByTheReplyTimeoutWhileItConnects() {
        CompletableFuture<String> waiting;
        broker.freeze();
        try {
            waiting = CompletableFuture.supplyAsync(() -> call("30"));
            assertRunsOn(waiting, FAR_TOO_LONG);
        } finally {
            broker.resume();
        }
        assertThat(waiting).succeedsWithin(Duration.ofSeconds(10)).isNull();
    }

    /** {@code ReplyChannel} writes on that thread, too, and refuses calls while publishers are blocked. */
    @Test
    void isNotBoundedByTheReplyTimeoutWhileAnAlarmBlocksPublishers() throws Exception {
        try (Responder server = new Responder(broker.connect(), queue, Responder.ECHO)) {
            assertThat(call("30")).isEqualTo("30");
            broker.ctl("set_vm_memory_high_watermark", "absolute", "1MB");
            CompletableFuture<String> waiting;
            try {
                // As long as many short ones that fill the socket's buffer.
                waiting = CompletableFuture.supplyAsync(() -> call("0".repeat(20_000_000)));
                assertRunsOn(waiting, FAR_TOO_LONG);
            } finally {
                broker.ctl("set_vm_memory_high_watermark", "0.4");
            }
            assertThat(waiting).succeedsWithin(Duration.ofSeconds(10));
            assertThat(server.requests()).isNotEmpty();
        }
    }

    /** {@code RpcTemplate} forgets a call however it ends. */
    @Test
    void countsReturnedRequestsAsPendingForEver() {
        template.setMandatory(true);
        connectionFactory.setPublisherReturns(true);
        for (int n = 0; n < 100; n++) {
            assertThatExceptionOfType(AmqpMessageReturnedException.class).isThrownBy(() -> call("30"));
        }
        assertThat(template.getPendingReplyCounter().getCount()).isEqualTo(100);
    }

    /** {@code RpcTemplate} is mandatory without a header. */
    @Test
    void putsAHeaderOfItsOwnOnMandatoryRequests() throws Exception {
        template.setMandatory(true);
        connectionFactory.setPublisherReturns(true);
        try (Responder server = new Responder(broker.connect(), queue, Responder.ECHO)) {
            assertThat(call("30")).isEqualTo("30");
            assertThat(server.requests().take().getProperties().getHeaders())
                    .containsKey("spring_request_return_correlation");
        }
    }

    /** {@code ReplyChannel} opens one channel, however many calls have failed. */
    @Test
    void opensAChannelForEachCallThatFailedInAnOutage() throws Exception {
        try (Responder server = new Responder(broker.connect(), queue, Responder.ECHO)) {
            assertThat(call("30")).isEqualTo("30");
            connectionFactory.setPort(1); // where nobody listens
            connectionFactory.resetConnection();
            for (int n = 0; n < 100; n++) {
                assertThatExceptionOfType(AmqpConnectException.class).isThrownBy(() -> call("31"));
            }
            connectionFactory.setPort(broker.port());
            assertThat(call("32")).isEqualTo("32");
            assertThat(server.requests()).hasSize(2);
            assertThat(channels()).isGreaterThan(100);
        }
    }

    /** {@code QueueWatch} knows that nobody consumes, and ends the wait. */
    @Test
    void waitsForItsWholeReplyTimeoutWhereNobodyConsumes() throws Exception {
        new Responder(broker.connect(), queue, Responder.SILENT).close();
        long start = System.nanoTime();
        assertThat(call("30")).isNull();
        assertThat(since(start)).isGreaterThanOrEqualTo(Duration.ofMillis(REPLY_TIMEOUT_MS));
    }

    /** {@link ClientBrokerHealthIndicator} asks the broker. */
    @Test
    void callsAFrozenBrokerHealthy() throws Exception {
        RabbitHealthIndicator health = new RabbitHealthIndicator(template);
        health.health();
        broker.freeze();
        try {
            assertThat(CompletableFuture.supplyAsync(health::health)
                            .get(1, TimeUnit.SECONDS)
                            .getStatus())
                    .isEqualTo(Status.UP);
        } finally {
            broker.resume();
        }
    }

    /** {@link RpcConnections} gives the client a thread to close on. The fault is the client's, not Spring's. */
    @Test
    void missedHeartbeatsDoNotEndAWriteToAPeerThatReadsNoMore() throws Exception {
        Channel plain = heartbeating(broker.connectionFactory());
        ConnectionFactory mended = broker.connectionFactory();
        RpcConnections.bound(mended);
        Channel bounded = heartbeating(mended);
        broker.freeze();
        try {
            CompletableFuture<Void> hanging = CompletableFuture.runAsync(() -> publish(plain, 20_000_000));
            CompletableFuture<Void> ending = CompletableFuture.runAsync(() -> publish(bounded, 20_000_000));
            assertThat(ending).failsWithin(Duration.ofSeconds(15));
            assertRunsOn(hanging, FAR_TOO_LONG);
        } finally {
            broker.resume();
        }
    }

    private static Channel heartbeating(ConnectionFactory client) throws Exception {
        client.setRequestedHeartbeat(1);
        return client.newConnection().createChannel();
    }

    private @Nullable String call(String body) {
        Message reply = template.sendAndReceive("", queue, new Message(body.getBytes(UTF_8)));
        return reply == null ? null : new String(reply.getBody(), UTF_8);
    }

    private void publish(Channel channel, int bytes) {
        try {
            channel.basicPublish("", queue, null, new byte[bytes]);
        } catch (Exception ex) {
            throw new IllegalStateException(ex);
        }
    }

    private static long channels() {
        return broker.ctl("list_channels", "pid").lines().count();
    }

    private static void assertRunsOn(CompletableFuture<?> call, Duration time) {
        assertThatExceptionOfType(TimeoutException.class)
                .isThrownBy(() -> call.get(time.toMillis(), TimeUnit.MILLISECONDS));
    }

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }
}
