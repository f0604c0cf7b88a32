package com.example.rabbitrpc.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A node that takes connections and does not answer {@code basic.consume}, as one does that looks for a queue's leader. */
@Tag("faults")
@Tag("short")
@ExtendWith(OutputCaptureExtension.class)
class SlowStartTests {

    private static final String WARNING = "has not let this server consume within 2000 ms";

    private final String queue = TestBroker.shared().newQueue();

    @Test
    void goesToAnotherNode(CapturedOutput output) throws Exception {
        TestBroker broker = TestBroker.shared();
        try (SlowNode node = new SlowNode(broker, Integer.MAX_VALUE);
                TestServer server = TestServer.startWithoutWaiting(
                        broker,
                        queue,
                        "spring.rabbitmq.address-shuffle-mode=none",
                        "spring.rabbitmq.addresses=" + node.address() + "," + broker.host() + ":" + broker.port())) {
            server.awaitConsuming(4);
            assertAnswers();
            assertThat(server.consumersStarted()).isEqualTo(1);
        }
        assertThat(warnings(output)).singleElement().asString().contains(WARNING);
    }

    @Test
    void triesAgainWithoutHasteWhereThereIsNoOther(CapturedOutput output) throws Exception {
        TestBroker broker = TestBroker.shared();
        try (SlowNode node = new SlowNode(broker, 2);
                TestServer server =
                        TestServer.startWithoutWaiting(broker, queue, "spring.rabbitmq.addresses=" + node.address())) {
            server.awaitConsuming(7);
            assertAnswers();
            assertThat(server.consumersStarted()).isEqualTo(1);
        }
        assertThat(warnings(output)).hasSize(2).allSatisfy(line -> assertThat(line)
                .contains(WARNING));
        assertThat(output).doesNotContain("\tat ");
    }

    private void assertAnswers() throws Exception {
        try (RawClient client = new RawClient(TestBroker.shared())) {
            assertThat(RawClient.body(client.call(queue, RawClient.properties().build(), "30", 5_000)))
                    .isEqualTo("832040");
        }
    }

    private static List<String> warnings(CapturedOutput output) {
        return output.toString().lines().filter(line -> line.contains("WARN")).toList();
    }

    /** Between server and broker. Some of the connections hear nothing more once they have asked to consume. */
    private static final class SlowNode implements AutoCloseable {

        /** Class 60, method 20, between the frame's length and a reserved zero. */
        private static final String CONSUME = "\0<\0\u0014\0\0";

        private final ServerSocket listener = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        private final AtomicInteger slow;
        private final TestBroker broker;

        SlowNode(TestBroker broker, int slow) throws IOException {
            this.broker = broker;
            this.slow = new AtomicInteger(slow);
            start(this::accept);
        }

        String address() {
            return listener.getInetAddress().getHostAddress() + ":" + listener.getLocalPort();
        }

        private void accept() throws IOException {
            while (true) {
                Socket near = listener.accept();
                Socket far = new Socket(broker.host(), broker.port());
                CountDownLatch asked = new CountDownLatch(1);
                start(() -> pump(near, far, asked, false));
                start(() -> pump(far, near, asked, true));
            }
        }

        private void pump(Socket from, Socket to, CountDownLatch asked, boolean answers) throws IOException {
            try (from;
                    to) {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                byte[] buffer = new byte[8192];
                for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                    if (new String(buffer, 0, length, StandardCharsets.ISO_8859_1).contains(CONSUME)
                            && !answers
                            && slow.getAndDecrement() > 0) {
                        asked.countDown();
                    }
                    if (!answers || asked.getCount() > 0) {
                        out.write(buffer, 0, length);
                    }
                }
            }
        }

        private interface Task {
            void run() throws IOException;
        }

        private static void start(Task task) {
            Thread thread = new Thread(
                    () -> {
                        try {
                            task.run();
                        } catch (IOException ex) {
                            // Closed: so is the other side.
                        }
                    },
                    "slow-node");
            thread.setDaemon(true);
            thread.start();
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }
}
