package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Many calls that fail leave nothing behind: neither in the gateway nor in the broker. */
@Tag("faults")
class LeakTests {

    private static final int CALLS = Fault.LONG ? 100_000 : 2_000;
    private static final TestBroker broker = TestBroker.start();
    private static final Site site = new Site(broker);
    private static final ServiceProcess server = site.server();
    private static final ServiceProcess gateway = site.gateway("fib.deadline", "200ms");

    @AfterAll
    static void close() {
        site.close();
        broker.close();
    }

    /** What may grow: channels, messages in all queues, threads, calls under way, and the heap in MB. */
    private record Holdings(int channels, int depth, int threads, int inFlight, int heap) {

        static Holdings now() {
            String pid = Long.toString(gateway.pid());
            run(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), pid, "GC.run");
            return new Holdings(
                    broker.ctl("list_channels", "pid", "--no-table-headers").split("\n").length,
                    broker.ctl("list_queues", "messages", "--no-table-headers")
                            .lines()
                            .mapToInt(line -> Integer.parseInt(line.strip()))
                            .sum(),
                    metric("jvm_threads_live_threads"),
                    metric("rpc_client_in_flight"),
                    metric("jvm_memory_used_bytes\\{area=\"heap\"[^}]*}") >> 20);
        }

        void requireNotAbove(Holdings before) {
            System.out.println(before + " -> " + this);
            assertThat(channels).as("channels").isLessThanOrEqualTo(before.channels);
            assertThat(depth).as("messages").isLessThanOrEqualTo(before.depth);
            assertThat(inFlight).as("calls in flight").isZero();
            assertThat(threads).as("threads").isLessThanOrEqualTo(before.threads + 10);
            assertThat(heap).as("heap in MB").isLessThanOrEqualTo(before.heap + 20);
        }
    }

    private static int metric(String name) {
        Matcher samples = Pattern.compile("(?m)^" + name + "(?:\\{[^}]*})? ([0-9.E]+)$")
                .matcher(gateway.get("/actuator/prometheus").body());
        return (int) samples.results()
                .mapToDouble(sample -> Double.parseDouble(sample.group(1)))
                .sum();
    }

    private static void run(String... command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        } catch (Exception ex) {
            throw new IllegalStateException(ex);
        }
    }

    private static void requireNothingLeft(Fault.Steps steps) throws Exception {
        call(500);
        Holdings before = Holdings.now();
        steps.run();
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofSeconds(2))
                .untilAsserted(() -> Holdings.now().requireNotAbove(before));
        assertThat(gateway.get("/fib/30").body()).isEqualTo("832040");
    }

    /** So many calls, however they end. */
    private static void call(int calls) {
        try (Load load = Load.on(gateway.port(), 200, Duration.ZERO, Load.NUMBERS)) {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(Fault.LONG ? 300 : 30))
                    .until(() -> load.calls().size() >= calls);
        }
    }

    @Test
    void callsThatTimeOutLeaveNothing() throws Exception {
        requireNothingLeft(() -> {
            server.freeze();
            call(CALLS);
            server.resume();
        });
    }

    @Test
    void callsThatNoQueueTakesLeaveNothing() throws Exception {
        try (Site other = new Site(broker)) {
            ServiceProcess lost = other.added(ServiceProcess.gateway(other.with("fib.queue.name", "no_such_queue")));
            assertThat(lost.get("/fib/30").body()).contains("no-server");
        }
        requireNothingLeft(() -> call(CALLS));
    }

    @Test
    void forgedRepliesLeaveNothing() throws Exception {
        try (Connection connection = broker.connect();
                Channel channel = connection.createChannel()) {
            requireNothingLeft(() -> forge(channel, replyAddress(channel)));
        }
    }

    private static void forge(Channel channel, String address) throws Exception {
        AMQP.BasicProperties forged =
                new AMQP.BasicProperties.Builder().correlationId("guessed").build();
        for (int i = 0; i < CALLS; i++) {
            channel.basicPublish("", address, forged, "1".getBytes(UTF_8));
        }
    }

    /** The gateway's reply address, overheard by one more consumer. */
    private static String replyAddress(Channel channel) throws Exception {
        BlockingQueue<String> addresses = new LinkedBlockingQueue<>();
        server.freeze();
        try {
            String tag = channel.basicConsume(
                    "rpc_queue",
                    true,
                    (consumer, request) -> addresses.add(request.getProperties().getReplyTo()),
                    consumer -> {});
            for (int i = 0; i < 20 && addresses.isEmpty(); i++) {
                gateway.get("/fib/30");
            }
            channel.basicCancel(tag);
        } finally {
            server.resume();
        }
        return addresses.remove();
    }
}
