package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.Delivery;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Addresses over which RabbitMQ 3.10 closes the connection of whoever replies to them. */
@Tag("faults")
class ForgedAddressTests {

    private static final int A_SECOND = 300;

    @Test
    void costHonestCallersNothing() throws Exception {
        try (TestServer server = TestServer.start(TestBroker.shared());
                RawClient honest = new RawClient(TestBroker.shared());
                RawClient forger = new RawClient(TestBroker.shared())) {
            assertAnswers(server, honest);
            int consumers = server.consumersStarted();
            AtomicBoolean over = new AtomicBoolean();
            AtomicInteger sent = new AtomicInteger();
            CompletableFuture<Void> forging = CompletableFuture.runAsync(() -> {
                while (!over.get()) {
                    // Each names another node, so that no two share a trial.
                    forge(forger, server.queue(), address("reply@" + (100_000_000 + sent.getAndIncrement()), 7, 7));
                    LockSupport.parkNanos(1_000_000_000L / A_SECOND);
                }
            });
            long end = System.nanoTime() + 5_000_000_000L;
            int answered = 0;
            while (System.nanoTime() < end) {
                assertAnswers(server, honest);
                answered++;
                if (answered % 20 == 0) {
                    try (RawClient newcomer = new RawClient(TestBroker.shared())) {
                        assertAnswers(server, newcomer);
                    }
                }
            }
            over.set(true);
            forging.join();

            assertThat(answered).isGreaterThan(100);
            assertThat(sent.get()).isGreaterThan(A_SECOND);
            assertThat(server.consumersStarted()).isEqualTo(consumers);
        }
    }

    @ParameterizedTest
    @CsvSource({"reply@1,5,5", "reply@1,-1,-1", "other@1,5,5"})
    void costNoConsumer(String node, int id, int serial) throws Exception {
        try (TestServer server = TestServer.start(TestBroker.shared());
                RawClient client = new RawClient(TestBroker.shared())) {
            for (int i = 0; i < 5; i++) {
                forge(client, server.queue(), address(node, id, serial));
                assertAnswers(server, client);
            }
            assertThat(server.consumersStarted()).isEqualTo(1);
        }
    }

    /** An own node's process ids have 15 and 13 bits there; older brokers cannot decode more. */
    @ParameterizedTest
    @CsvSource({"-1,0", "32768,0", "0,-1", "0,8192"})
    void costNoConsumerWhereTheNodeIsTheBrokersOwn(int id, int serial) throws Exception {
        try (TestServer server = TestServer.start(TestBroker.shared());
                RawClient client = new RawClient(TestBroker.shared())) {
            assertAnswers(server, client);
            byte[] pid = pid(client);
            ByteBuffer.wrap(pid).putInt(pid.length - 12, id).putInt(pid.length - 8, serial);
            for (int i = 0; i < 3; i++) {
                forge(client, server.queue(), address(pid));
                assertAnswers(server, client);
            }
            assertThat(server.consumersStarted()).isEqualTo(1);
        }
    }

    @Test
    void areNoMatterForNewerBrokers() {
        assertThat(ReplyPublisher.isOld("3.13.7")).isTrue();
        assertThat(ReplyPublisher.isOld(null)).isTrue();
        assertThat(ReplyPublisher.isOld("LavinMQ")).isTrue();
        assertThat(ReplyPublisher.isOld("4.0.0")).isFalse();
        assertThat(ReplyPublisher.isOld("10.1")).isFalse();
    }

    private static void assertAnswers(TestServer server, RawClient client) throws Exception {
        assertThat(RawClient.body(
                        client.call(server.queue(), RawClient.properties().build(), "10", 2_000)))
                .isEqualTo("55");
    }

    private static void forge(RawClient client, String queue, String address) {
        try {
            client.send(queue, RawClient.properties().replyTo(address).build(), "10".getBytes(UTF_8));
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private static String address(String node, int id, int serial) {
        byte[] name = node.getBytes(StandardCharsets.US_ASCII);
        return address(ByteBuffer.allocate(name.length + 17)
                .put((byte) 131)
                .put((byte) 88)
                .put((byte) 118)
                .putShort((short) name.length)
                .put(name)
                .putInt(id)
                .putInt(serial)
                .putInt(1)
                .array());
    }

    private static String address(byte[] pid) {
        return "amq.rabbitmq.reply-to." + Base64.getEncoder().encodeToString(pid) + ".AAAA";
    }

    /** The client's own, as the broker tells those who are to reply to it. */
    private static byte[] pid(RawClient client) throws Exception {
        String queue = client.channel.queueDeclare().getQueue();
        client.channel.basicConsume(queue, true, (tag, delivery) -> client.replies.add(delivery), tag -> {});
        client.send(queue, RawClient.properties().build(), new byte[1]);
        Delivery delivery = client.reply(2_000);
        String address = delivery.getProperties().getReplyTo();
        return Base64.getDecoder()
                .decode(address.substring("amq.rabbitmq.reply-to.".length(), address.lastIndexOf('.')));
    }
}
