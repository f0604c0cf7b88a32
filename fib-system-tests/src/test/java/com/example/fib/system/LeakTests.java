package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Many calls that fail leave nothing behind: neither in the gateway nor in the broker. 2,000 of each kind take a minute and a half
 * in all; with {@code -Dfib.faults=long} it is 100,000 of each, and seven minutes on two busy cores.
 */
@Tag("faults")
class LeakTests {

    private static final int CALLS = Fault.LONG ? 100_000 : 2_000;
    private static final Duration BOUND = Duration.ofSeconds(Fault.LONG ? 600 : 60);
    private static final int CALLERS = 200;
    private static final String QUEUE = "rpc_queue";
    /** The gateway's calls and its watch; the server's consumer, its watch once it was idle, and its trials on RabbitMQ 3. */
    private static final int CHANNELS = 5;

    private static final String RETURNED = "rabbitmq_unrouted_published_total";
    private static final String UNCLAIMED = "rpc_client_replies_unclaimed_total";

    private static final TestBroker broker = TestBroker.start();
    private static final Site site = new Site(broker);
    private static ServiceProcess server = site.starting();
    private static final ServiceProcess gateway = site.gateway("fib.deadline", "200ms");
    private static final Connection connection = broker.connect();

    @BeforeAll
    static void warmUp() throws Exception {
        try (Load load = callers()) {
            await(() -> load.calls().size() >= 10_000);
        }
    }

    @AfterAll
    static void close() {
        connection.abort(1_000);
        site.close();
        broker.close();
    }

    /**
     * What may grow: channels, messages in all queues, threads but for Tomcat's, which has a limit for them, slots, and on the heap, as a full collection leaves it, the
     * objects that a call consists of, and all in KB.
     */
    private record Holdings(int channels, int messages, int threads, int inFlight, int callObjects, int heap) {

        private static final Pattern CALL_OBJECTS = Pattern.compile("(?m)^ *\\d+: +(\\d+) +\\d+ +"
                + "(?:com.example.rabbitrpc.client.PendingCall|org.springframework.amqp.core.Message(?:Properties)?"
                + "|com.rabbitmq.client.(?:Delivery|Return|AMQP\\$BasicProperties))(?: .*)?$");
        private static final Pattern TOTAL = Pattern.compile("(?m)^Total +\\d+ +(\\d+)$");

        static Holdings now() {
            String live = gateway.jcmd("GC.class_histogram"); // collects all garbage first
            return new Holdings(
                    lines(broker.ctl("list_channels", "pid")),
                    (int) sum(Pattern.compile("(?m)^(\\d+)$"), broker.ctl("list_queues", "messages")),
                    (int) gateway.jcmd("Thread.print")
                            .lines()
                            .filter(line -> line.startsWith("\"") && !line.startsWith("\"http-"))
                            .count(),
                    metric("rpc_client_in_flight"),
                    (int) sum(CALL_OBJECTS, live),
                    (int) (sum(TOTAL, live) >> 10));
        }

        /** Each call that leaked 2 KB, each reply 0.4 KB; some 250 KB come and go by themselves. */
        void requireNotAbove(Holdings before) {
            String both = " in " + before + " -> " + this;
            assertThat(channels).as("channels" + both).isLessThanOrEqualTo(CHANNELS);
            assertThat(messages).as("messages" + both).isLessThanOrEqualTo(before.messages);
            assertThat(threads).as("threads" + both).isLessThanOrEqualTo(before.threads + 10);
            assertThat(inFlight).as("calls in flight" + both).isZero();
            assertThat(callObjects).as("objects of calls" + both).isLessThanOrEqualTo(before.callObjects + 20);
            assertThat(heap).as("heap in KB" + both).isLessThanOrEqualTo(before.heap + 700);
        }

        private static int lines(String output) {
            return (int) output.lines().count();
        }
    }

    private static long sum(Pattern pattern, String text) {
        return (long) pattern.matcher(text)
                .results()
                .mapToDouble(number -> Double.parseDouble(number.group(1)))
                .sum();
    }

    private static int metric(String name) {
        Pattern samples = Pattern.compile("(?m)^" + name + "(?:\\{[^}]*})? ([0-9.E]+)$");
        return (int) sum(samples, gateway.get("/actuator/prometheus").body());
    }

    private static void requireNothingLeft(Fault.Steps steps) throws Exception {
        // What the first answer opens, once, is there before.
        assertThat(gateway.get("/fib/30").body()).isEqualTo("832040");
        Holdings before = Holdings.now();
        steps.run();
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofSeconds(2))
                .untilAsserted(() -> Holdings.now().requireNotAbove(before));
        assertThat(gateway.get("/fib/30").body()).isEqualTo("832040");
    }

    private static Load callers() {
        return Load.on(gateway.port(), CALLERS, Duration.ZERO, Load.NUMBERS);
    }

    private static void await(Callable<Boolean> condition) {
        Awaitility.await().atMost(BOUND).until(condition);
    }

    @Test
    void callsThatTimeOutLeaveNothing() throws Exception {
        requireNothingLeft(() -> withoutAServer(channel -> {
            try (Load load = callers()) {
                await(() -> load.calls().stream()
                                .filter(call -> call.outcome().equals("504 deadline-exceeded"))
                                .count()
                        >= CALLS);
            }
        }));
    }

    /** The queue is never gone for so long that the gateway would notice, and refuse calls by itself. */
    @Test
    void callsThatNoQueueTakesLeaveNothing() throws Exception {
        requireNothingLeft(() -> withoutAServer(channel -> {
            int returned = metric(RETURNED);
            try (Load load = callers()) {
                await(() -> {
                    channel.queueDelete(QUEUE);
                    Fault.last(Duration.ofMillis(300));
                    channel.queueDeclare(QUEUE, true, false, false, null);
                    silentConsumer(channel);
                    Fault.last(Duration.ofMillis(300));
                    return metric(RETURNED) - returned >= CALLS;
                });
                assertThat(load.calls()).anyMatch(call -> call.outcome().equals("503 no-server"));
            }
        }));
    }

    @Test
    void forgedRepliesLeaveNothing() throws Exception {
        String address = replyAddress();
        requireNothingLeft(() -> {
            int unclaimed = metric(UNCLAIMED);
            try (Channel channel = connection.createChannel()) {
                AMQP.BasicProperties forged = new AMQP.BasicProperties.Builder()
                        .correlationId("guessed")
                        .build();
                for (int i = 0; i < CALLS; i++) {
                    channel.basicPublish("", address, forged, "1".getBytes(UTF_8));
                }
                await(() -> metric(UNCLAIMED) - unclaimed >= CALLS);
            }
        });
    }

    private interface Steps {
        void run(Channel channel) throws Exception;
    }

    /** With a consumer in the server's place that answers nothing, and its channel. A new server follows. */
    private static void withoutAServer(Steps steps) throws Exception {
        try (Channel channel = connection.createChannel()) {
            silentConsumer(channel);
            server.kill();
            steps.run(channel);
        }
        server = site.server();
    }

    private static void silentConsumer(Channel channel) throws IOException {
        channel.basicConsume(QUEUE, true, (tag, request) -> {}, tag -> {});
    }

    /** The gateway's reply address, overheard by one more consumer. */
    private static String replyAddress() throws Exception {
        BlockingQueue<String> addresses = new LinkedBlockingQueue<>();
        withoutAServer(channel -> {
            channel.basicConsume(
                    QUEUE,
                    true,
                    (tag, request) -> addresses.add(request.getProperties().getReplyTo()),
                    tag -> {});
            await(() -> {
                gateway.get("/fib/30");
                return !addresses.isEmpty();
            });
        });
        return addresses.remove();
    }
}
