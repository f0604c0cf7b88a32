package com.example.fib.system;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Honest callers, far fewer than could be served, beside somebody who sends what is meant to harm: all of them are answered, and
 * nearly as fast as without. That each such message or request alone does no harm is HostileMessagesTests, HttpLimitsTests, FuzzTests
 * and HttpFuzzTests.
 */
@Tag("faults")
class HostileLoadTests {

    private static final int CALLERS = 8;
    private static final Duration MEASURED = Duration.ofSeconds(Fault.LONG ? 60 : Fault.STRICT ? 15 : 1);
    private static final int TEN_THOUSAND = Fault.STRICT ? 10_000 : 2_000;
    private static final int LARGE = 100 << 20;
    private static final int READERS = 60;
    private static final int LONG_N = 10_000_000;
    private static final String QUEUE = "rpc_queue";

    /** As deploy/rabbitmq has it. */
    private static final TestBroker broker = TestBroker.start("max_message_size = 4194304");

    private static final Site site = new Site(broker);
    private static final ServiceProcess server =
            site.added(ServiceProcess.server(site.with(ServiceProcess.COMPILER, "4")));
    private static final ServiceProcess gateway = site.gateway(ServiceProcess.COMPILER, "4");
    private static final Map<ServiceProcess, Figures> alone = new HashMap<>();
    private static final Connection connection = broker.connect();
    private static final Connection stranger = stranger();

    /** A user who may publish by the default exchange, and nothing else. */
    private static Connection stranger() {
        broker.ctl("add_user", "stranger", "stranger");
        broker.ctl("set_permissions", "stranger", "^$", "^amq\\.default$", "^$");
        ConnectionFactory factory = broker.connectionFactory();
        factory.setUsername("stranger");
        factory.setPassword("stranger");
        try {
            return factory.newConnection();
        } catch (IOException | TimeoutException ex) {
            throw new IllegalStateException(ex);
        }
    }

    @BeforeAll
    static void warmUp() {
        server.awaitHealthy();
        Fault.warmUp(Load.on(gateway.port(), CALLERS, Duration.ZERO, Load.NUMBERS), MEASURED.multipliedBy(2));
    }

    @AfterAll
    static void close() {
        connection.abort(1_000);
        stranger.abort(1_000);
        site.close();
        broker.close();
    }

    /** What is done again and again. That it is refused is as it should be. */
    private interface Blow {
        void strike(int number) throws Exception;
    }

    @Test
    void compressedMessagesThatWouldBeLarge() throws Exception {
        byte[] bomb = bomb();
        try (Channel channel = caller()) {
            BasicProperties gzip = properties("bomb").contentEncoding("gzip").build();
            requireHonestCallersServed(
                    "gzip bombs as messages", 100, blow -> channel.basicPublish("", QUEUE, gzip, bomb));
        }
    }

    @Test
    void compressedHttpBodiesThatWouldBeLarge() throws Exception {
        byte[] bomb = bomb();
        String head = "POST /fib/30 HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: " + bomb.length
                + "\r\nConnection: close\r\n\r\n";
        requireHonestCallersServed("gzip bombs as HTTP bodies", 100, blow -> {
            try (Socket socket = connect(gateway)) {
                socket.getOutputStream().write(head.getBytes(ISO_8859_1));
                socket.getOutputStream().write(bomb);
                assertThat(new String(socket.getInputStream().readAllBytes(), ISO_8859_1))
                        .startsWith("HTTP/1.1 405");
            }
        });
    }

    /** The broker refuses them by closing their channel. */
    @Test
    void messagesOf100Megabytes() throws Exception {
        byte[] large = new byte[LARGE];
        requireHonestCallersServed("messages of 100 MB", 1, blow -> {
            try (Channel channel = caller()) {
                channel.basicPublish("", QUEUE, properties("large").build(), large);
                channel.basicQos(1); // waits for the broker's answer
            }
        });
    }

    @Test
    void httpBodiesOf100Megabytes() {
        byte[] head =
                ("POST /fib/30 HTTP/1.1\r\nHost: a\r\nContent-Length: " + LARGE + "\r\n\r\n").getBytes(ISO_8859_1);
        byte[] block = new byte[1 << 16];
        requireHonestCallersServed("HTTP bodies of 100 MB", 10, blow -> {
            try (Socket socket = connect(gateway)) {
                socket.getOutputStream().write(head);
                for (int sent = 0; sent < LARGE; sent += block.length) {
                    socket.getOutputStream().write(block);
                }
            }
        });
    }

    @Test
    @Tag("short")
    void httpHeaderFloods() {
        byte[] flood =
                ("GET /fib/30 HTTP/1.1\r\nHost: a\r\n" + "x-flood: flood\r\n".repeat(10_000)).getBytes(ISO_8859_1);
        requireHonestCallersServed("floods of HTTP headers", 200, blow -> {
            try (Socket socket = connect(gateway)) {
                socket.getOutputStream().write(flood);
                socket.getInputStream().readAllBytes();
            }
        });
    }

    @Test
    void floodsOfMessageHeaders() throws Exception {
        Map<String, Object> headers = new HashMap<>();
        IntStream.range(0, 5_000).forEach(i -> headers.put("header-" + i, i));
        try (Channel channel = caller()) {
            BasicProperties flood = properties("flood").headers(headers).build();
            requireHonestCallersServed(
                    "floods of message headers", 25, blow -> channel.basicPublish("", QUEUE, flood, digits("30")));
        }
    }

    @Test
    void forgedReplies() throws Exception {
        String address = overheardAddress();
        try (Channel channel = stranger.createChannel()) {
            requireHonestCallersServed(
                    "forged replies, each with another id",
                    TEN_THOUSAND,
                    blow -> channel.basicPublish(
                            "",
                            address,
                            new BasicProperties.Builder()
                                    .correlationId("forged-" + blow)
                                    .build(),
                            digits("1")));
        }
    }

    /** Each costs what an honest one does, and the queue is served in its order: all are answered in time, but not as fast. */
    @Test
    void requestsOfASecondUser() throws Exception {
        try (Channel channel = caller()) {
            requireHonestCallersAnswered(
                    gateway,
                    "requests of a second user",
                    TEN_THOUSAND,
                    blow -> channel.basicPublish(
                            "", QUEUE, properties("id-" + blow).build(), digits("30")));
        }
    }

    /** A server of the test's own, as 2 MB are not computed fast enough for many. */
    @Test
    void slowReadersOfLongAnswers() throws Exception {
        byte[] digits = "7".repeat(2_089_877).getBytes(US_ASCII);
        List<Socket> readers = new ArrayList<>();
        try (Channel channel = connection.createChannel()) {
            channel.queueDeclare("long_queue", false, true, true, null);
            channel.basicConsume(
                    "long_queue",
                    true,
                    (tag, request) -> {
                        int n = Integer.parseInt(new String(request.getBody(), US_ASCII));
                        BasicProperties.Builder reply = new BasicProperties.Builder()
                                .correlationId(request.getProperties().getCorrelationId());
                        byte[] body = n == LONG_N ? digits : digits(Digits.of(n));
                        channel.basicPublish("", request.getProperties().getReplyTo(), reply.build(), body);
                    },
                    tag -> {});
            ServiceProcess other = site.gateway(
                    ServiceProcess.COMPILER,
                    "4",
                    "fib.queue.name",
                    "long_queue",
                    "fib.max-n",
                    "" + LONG_N,
                    "fib.max-in-flight",
                    "32");
            Fault.warmUp(calm(other), MEASURED);
            alone(other);
            for (int i = 0; i < READERS; i++) {
                Socket reader = new Socket();
                readers.add(reader);
                reader.setReceiveBufferSize(4_096);
                reader.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), other.port()), 5_000);
                reader.getOutputStream()
                        .write(("GET /fib/" + LONG_N + " HTTP/1.1\r\nHost: a\r\n\r\n").getBytes(ISO_8859_1));
                Fault.last(Duration.ofMillis(30));
            }
            requireHonestCallersServed(other, READERS + " slow readers of 2 MB", 20, blow -> {
                for (Socket reader : readers) {
                    if (reader.getInputStream().available() > 0) {
                        reader.getInputStream().skipNBytes(1);
                    }
                }
            });
            assertThat(other.isAlive()).isTrue();
            assertThat(other.log()).doesNotContain("OutOfMemoryError", "ERROR");
        } finally {
            for (Socket reader : readers) {
                reader.close();
            }
        }
    }

    private static void requireHonestCallersServed(String name, int perSecond, Blow blow) {
        requireHonestCallersServed(gateway, name, perSecond, blow);
    }

    private static void requireHonestCallersServed(ServiceProcess target, String name, int perSecond, Blow blow) {
        Duration alone = alone(target).percentile(99);
        Figures figures = requireHonestCallersAnswered(target, name, perSecond, blow);
        assertThat(figures.percentile(99))
                .as("p99, alone: %s; %s", alone, figures.row())
                .isLessThanOrEqualTo(Fault.slowerByAFifth(alone));
    }

    private static Figures requireHonestCallersAnswered(ServiceProcess target, String name, int perSecond, Blow blow) {
        Figures figures;
        try (Attack attack = new Attack(perSecond, blow)) {
            figures = Fault.measure(name + ", " + perSecond + " a second", calm(target), MEASURED);
            System.out.printf(
                    "%s: %.1f a second, p50 %.1f ms, p99 %.1f ms%n",
                    name, attack.perSecond(), millis(figures.percentile(50)), millis(figures.percentile(99)));
            assertThat(attack.perSecond()).as("the attack").isGreaterThan(perSecond / 10.0);
        }
        assertThat(figures.wrong() + figures.withoutStatus()).as(figures.row()).isZero();
        assertThat(figures.outcomes().keySet()).as(figures.row()).containsExactly("200");
        assertThat(target.get("/fib/30").body()).isEqualTo("832040");
        return figures;
    }

    /** In the short form once for each gateway; of one that is slowly read from, before it is. */
    private static Figures alone(ServiceProcess target) {
        Figures before = Fault.STRICT && target == gateway ? null : alone.get(target);
        if (before != null) {
            return before;
        }
        Figures figures = Fault.measure("honest callers alone", calm(target), MEASURED);
        System.out.printf(
                "alone: p50 %.1f ms, p99 %.1f ms%n", millis(figures.percentile(50)), millis(figures.percentile(99)));
        alone.put(target, figures);
        return figures;
    }

    private static double millis(Duration time) {
        return time.toNanos() / 1e6;
    }

    private static Load calm(ServiceProcess target) {
        return Load.on(target.port(), CALLERS, Load.PAUSE, Load.NUMBERS);
    }

    /** A thread that strikes so often, or as often as it can. */
    private static final class Attack implements AutoCloseable {

        private final Thread thread;
        private final long start = System.nanoTime();
        private final AtomicInteger blows = new AtomicInteger();
        private volatile @Nullable Throwable failure;
        private volatile boolean over;

        Attack(int perSecond, Blow blow) {
            thread = new Thread(() -> strike(perSecond, blow), "attack");
            thread.setDaemon(true);
            thread.start();
        }

        private void strike(int perSecond, Blow blow) {
            try {
                while (!over) {
                    long due = (System.nanoTime() - start) / 1_000_000 * perSecond / 1_000;
                    while (blows.get() < due && !over) {
                        strike(blow);
                    }
                    Fault.last(Duration.ofMillis(1));
                }
            } catch (Exception | Error ex) {
                failure = ex;
            }
        }

        private void strike(Blow blow) throws Exception {
            try {
                blow.strike(blows.getAndIncrement());
            } catch (IOException | AlreadyClosedException ex) {
                // Refused.
            }
        }

        double perSecond() {
            return blows.get() * 1e9 / Math.max(1, System.nanoTime() - start);
        }

        @Override
        public void close() {
            over = true;
            try {
                thread.join(20_000);
            } catch (InterruptedException ex) {
                Thread.currentThread().interrupt();
            }
            assertThat(failure).as("of the attack").isNull();
        }
    }

    /** A channel that takes its replies and looks at none. */
    private static Channel caller() throws IOException {
        Channel channel = stranger.createChannel();
        channel.basicConsume("amq.rabbitmq.reply-to", true, (tag, reply) -> {}, tag -> {});
        return channel;
    }

    private static BasicProperties.Builder properties(String id) {
        return new BasicProperties.Builder().replyTo("amq.rabbitmq.reply-to").correlationId(id);
    }

    private static byte[] digits(String digits) {
        return digits.getBytes(US_ASCII);
    }

    /** 100 KB that are 100 MB. */
    private static byte[] bomb() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(new byte[LARGE]);
        }
        return bytes.toByteArray();
    }

    private static Socket connect(ServiceProcess target) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), target.port());
        socket.setSoTimeout(10_000);
        return socket;
    }

    /** The gateway's reply address, from a request that another consumer got. */
    private static String overheardAddress() throws Exception {
        BlockingQueue<String> addresses = new LinkedBlockingQueue<>();
        try (Channel channel = connection.createChannel()) {
            channel.basicConsume(
                    QUEUE,
                    true,
                    (tag, request) -> addresses.add(request.getProperties().getReplyTo()),
                    tag -> {});
            Awaitility.await().until(() -> {
                gateway.get("/fib/30");
                return !addresses.isEmpty();
            });
        }
        return addresses.remove();
    }
}
