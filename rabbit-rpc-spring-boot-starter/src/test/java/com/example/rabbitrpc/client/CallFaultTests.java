package com.example.rabbitrpc.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.Responder;
import com.example.fib.broker.TestBroker;
import com.example.rabbitrpc.NoServerException;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import com.rabbitmq.client.AddressResolver;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.NoOpMetricsCollector;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.amqp.AmqpResourceNotAvailableException;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;

/** Faults that a call, or the whole client, is to survive. */
class CallFaultTests {

    private static final Duration SOON = Duration.ofSeconds(10);

    private static TestBroker broker;

    private final String queue = "queue-" + UUID.randomUUID();
    private final AtomicInteger channels = new AtomicInteger();
    private Refusing client;
    private CachingConnectionFactory connections;
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
    void createTemplate() {
        client = new Refusing(broker.connectionFactory());
        client.setMetricsCollector(new NoOpMetricsCollector() {
            @Override
            public void newChannel(Channel channel) {
                channels.incrementAndGet();
            }
        });
        connections = new CachingConnectionFactory(client);
        connections.setConnectionNameStrategy(factory -> "calls");
        template = template(0);
    }

    private RpcTemplate template(double resendShare) {
        RpcTemplate created = new RpcTemplate(new RpcTemplate.Limits(256, 256, Duration.ZERO, resendShare));
        created.setConnectionFactory(connections);
        created.start();
        return created;
    }

    @AfterEach
    void stop() {
        template.stop();
        connections.destroy();
    }

    @Test
    void anAlarmBeforeTheFirstCallRefusesItAtOnce() throws Exception {
        try (Responder server = new Responder(broker.connect(), queue, Responder.ECHO)) {
            alarm(() -> {
                long start = System.nanoTime();
                isUnavailable(() -> call("30", 20_000));
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SOON);
                assertThat(template.broker()).isEqualTo(BrokerState.BLOCKED);
            });
            assertThat(server.requests()).isEmpty();
        }
    }

    @Test
    void anAlarmIsSeenWithoutACall() throws Exception {
        try (Responder server = new Responder(broker.connect(), queue, Responder.ECHO)) {
            assertThat(call("30", 20_000)).isEqualTo("30");
            assertThat(template.broker()).isEqualTo(BrokerState.UP);
            alarm(() -> {
                await().atMost(SOON).until(() -> template.broker() == BrokerState.BLOCKED);
                isUnavailable(() -> call("31", 20_000));
            });
            await().atMost(SOON).until(() -> template.broker() == BrokerState.UP);
            assertThat(call("32", 20_000)).isEqualTo("32");
            assertThat(server.requests()).hasSize(2);
        }
    }

    private static void alarm(Runnable meanwhile) {
        broker.ctl("set_vm_memory_high_watermark", "absolute", "1MB");
        try {
            await().atMost(SOON)
                    .until(() -> broker.ctl("list_connections", "state", "pid") != null
                            && broker.ctl("eval", "rabbit_alarm:get_alarms().").contains("memory"));
            meanwhile.run();
        } finally {
            broker.ctl("set_vm_memory_high_watermark", "0.4");
        }
    }

    /** With a broker in health, a call whose time is over before it was sent has missed its deadline, and nothing else. */
    @Test
    void aDeadlineIsNoBrokerThatIsGone() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(64);
        try (Responder server = new Responder(broker.connect(), queue, Responder.SILENT)) {
            assertThat(call("0", 100)).isNull();
            List<Callable<@Nullable String>> calls = IntStream.range(0, 1_000)
                    .mapToObj(n -> (Callable<@Nullable String>) () -> call("30", 10))
                    .toList();
            for (Future<@Nullable String> each : callers.invokeAll(calls)) {
                assertThat(each.get()).isNull();
            }
            assertThat(server.requests()).isNotEmpty();
        } finally {
            callers.shutdownNow();
        }
    }

    @Test
    void connectionsThatAreLostUnderLoadCostNoCallWhereItMayBeSentAgain() throws Exception {
        template.stop();
        template = template(1);
        ExecutorService callers = Executors.newFixedThreadPool(8);
        AtomicInteger answered = new AtomicInteger();
        AtomicInteger failed = new AtomicInteger();
        try (Responder server = new Responder(broker.connect(), queue, Responder.ECHO)) {
            assertThat(call("30", 20_000)).isEqualTo("30");
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(8);
            List<? extends Future<?>> loops = Stream.generate(() -> callers.submit(() -> {
                        while (System.nanoTime() < end) {
                            try {
                                answered.addAndGet(call("31", 20_000) == null ? 0 : 1);
                            } catch (RpcException ex) {
                                failed.incrementAndGet();
                            }
                        }
                    }))
                    .limit(8)
                    .toList();
            int closed = 0;
            while (System.nanoTime() < end) {
                closed += closeCallConnections();
            }
            for (Future<?> loop : loops) {
                loop.get(30, TimeUnit.SECONDS);
            }
            assertThat(closed).isPositive();
            assertThat(template.resent()).isPositive();
            assertThat(answered).hasValueGreaterThan(100);
            // A call may be sent again once: two losses in its time are not what this is about.
            assertThat(failed.get()).isLessThanOrEqualTo(answered.get() / 100);
            assertThat(server.requests()).isNotEmpty();
        } finally {
            callers.shutdownNow();
        }
    }

    private static int closeCallConnections() {
        List<String> found = broker.ctl("list_connections", "pid", "client_properties")
                .lines()
                .filter(connection -> connection.contains("calls"))
                .toList();
        for (String connection : found) {
            try {
                broker.ctl("close_connection", connection.substring(0, connection.indexOf('\t')), "test");
            } catch (IllegalStateException ex) {
                return 0; // gone by then
            }
        }
        return found.size();
    }

    @Test
    void anErrorOfTheThreadThatPublishesIsTheCallsAndNotTheEnd() throws Exception {
        AtomicInteger errors = new AtomicInteger(3);
        template.setBeforePublishPostProcessors(request -> {
            if (errors.getAndDecrement() > 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            return request;
        });
        try (Responder server = new Responder(broker.connect(), queue, Responder.ECHO)) {
            isUnavailable(() -> call("30", 20_000));
            awaitAnswers();
            assertThat(template.broker()).isEqualTo(BrokerState.UP);
            assertThat(server.requests()).isNotEmpty();
        }
    }

    @Test
    void anErrorWhileItConnectsIsNotTheEnd() throws Exception {
        client.refused.set(3);
        try (Responder server = new Responder(broker.connect(), queue, Responder.ECHO)) {
            isUnavailable(() -> call("30", 20_000));
            assertThat(template.broker()).isEqualTo(BrokerState.DOWN);
            awaitAnswers();
            assertThat(template.broker()).isEqualTo(BrokerState.UP);
            assertThat(server.requests()).isNotEmpty();
        }
    }

    private void awaitAnswers() {
        await().atMost(SOON)
                .ignoreExceptionsInstanceOf(RpcException.class)
                .untilAsserted(() -> assertThat(call("31", 5_000)).isEqualTo("31"));
    }

    @Tag("faults")
    @Test
    void aQueueThatIsNotThereIsAskedForSeldomAndCostsNoCall() throws Exception {
        template.stop();
        template = new RpcTemplate(new RpcTemplate.Limits(256, 256, Duration.ZERO, 0));
        template.setConnectionFactory(connections);
        template.watchFromTheStart(List.of(queue));
        template.start();
        await().atMost(SOON).until(() -> template.watch().reading(queue) != null);
        int before = channels.get();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(6);
        while (System.nanoTime() < end) {
            assertThatExceptionOfType(NoServerException.class).isThrownBy(() -> call("30", 20_000));
            TimeUnit.MILLISECONDS.sleep(50);
        }
        // Each refused question closes a channel, and is lines of the broker's log.
        assertThat(channels.get() - before).isBetween(1, 9);
        try (Responder server = new Responder(broker.connect(), queue, Responder.ECHO)) {
            assertThat(call("31", 20_000)).as("the first call reaches it").isEqualTo("31");
            await().atMost(Duration.ofSeconds(3)).until(() -> {
                QueueWatch.Reading reading = template.watch().reading(queue);
                return reading != null && reading.consumers() == 1;
            });
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Tag("faults")
    @Test
    void aBrokerThatDoesNotTellOfAQueueIsUpAndIsAskedSeldom() throws Exception {
        try (Responder server = new Responder(broker.connect(), queue, true, Responder.ECHO)) {
            assertThat(call("30", 20_000)).isEqualTo("30");
            await().atMost(SOON).until(() -> template.watch().refusal(queue) != null);
            int before = channels.get();
            TimeUnit.SECONDS.sleep(5);
            assertThat(channels.get() - before).isBetween(1, 8);
            assertThat(template.broker()).isEqualTo(BrokerState.UP);
            assertThat(call("31", 20_000)).isEqualTo("31");
            assertThat(server.requests()).hasSize(2);
        }
    }

    /** The first gets its connection; the watch, which would need another one, does not ask ten times a second. */
    @Tag("faults")
    @Test
    void aLimitOfConnectionsIsNotTriedWithEachCall() throws Exception {
        try (Responder server = new Responder(broker.connect(), queue, Responder.ECHO)) {
            broker.ctl("set_vhost_limits", "{\"max-connections\": 2}");
            try {
                assertThat(call("30", 20_000)).isEqualTo("30");
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
                int calls = 0;
                while (System.nanoTime() < end) {
                    assertThat(call("31", 20_000)).isEqualTo("31");
                    calls++;
                }
                assertThat(calls).isGreaterThan(100);
                assertThat(template.broker()).isEqualTo(BrokerState.UP);
                assertThat(client.attempts.get()).isLessThan(15);
            } finally {
                broker.ctl("clear_vhost_limits");
            }
            await().atMost(SOON).until(() -> template.watch().reading(queue) != null);
            assertThat(server.requests()).isNotEmpty();
        }
    }

    private void isUnavailable(Runnable call) {
        assertThatExceptionOfType(RpcException.class).isThrownBy(call::run).satisfies(ex -> {
            assertThat(ex.status()).isEqualTo(RpcStatus.UNAVAILABLE);
            assertThat(ex).isNotInstanceOf(NoServerException.class);
            if (template.broker() == BrokerState.BLOCKED) {
                assertThat(ex).hasCauseInstanceOf(AmqpResourceNotAvailableException.class);
            }
        });
    }

    private @Nullable String call(String body, long millis) {
        Message request = new Message(body.getBytes(UTF_8));
        request.getMessageProperties().setExpiration(Long.toString(millis));
        Message reply = template.sendAndReceive("", queue, request);
        return reply == null ? null : new String(reply.getBody(), UTF_8);
    }

    /** Refuses the first connections as a system does that has no thread left, and counts the attempts. */
    private static final class Refusing extends com.rabbitmq.client.ConnectionFactory {

        private final AtomicInteger refused = new AtomicInteger();
        private final AtomicInteger attempts = new AtomicInteger();

        Refusing(com.rabbitmq.client.ConnectionFactory like) {
            setHost(like.getHost());
            setPort(like.getPort());
            setUsername(like.getUsername());
            setPassword(like.getPassword());
            setVirtualHost(like.getVirtualHost());
            setAutomaticRecoveryEnabled(false);
            setConnectionTimeout(5_000);
            setHandshakeTimeout(5_000);
            setRequestedHeartbeat(5);
            setChannelRpcTimeout(5_000);
        }

        @Override
        public com.rabbitmq.client.Connection newConnection(
                @Nullable ExecutorService executor, AddressResolver resolver, @Nullable String name)
                throws IOException, TimeoutException {
            attempts.incrementAndGet();
            if (refused.getAndDecrement() > 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            return super.newConnection(executor, resolver, name);
        }
    }
}
