package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.amqp.rabbit.listener.RabbitListenerEndpointRegistry;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.test.util.ReflectionTestUtils;

/** What watches over a listener meets an Error itself: no thread to be had, at each of its looks. */
@ExtendWith(OutputCaptureExtension.class)
class WatchTests {

    private static final Duration SOON = Duration.ofSeconds(10);

    @Test
    void goesOnWhateverAStallsWatchMeets(CapturedOutput output) throws Exception {
        TestBroker broker = TestBroker.shared();
        try (TestServer server = TestServer.start(broker);
                RawClient client = new RawClient(broker)) {
            NoThreads noThreads = new NoThreads();
            RpcListenerContainer container = (RpcListenerContainer) server.bean(RabbitListenerEndpointRegistry.class)
                    .getListenerContainers()
                    .iterator()
                    .next();
            RequestQueues queues =
                    (RequestQueues) Objects.requireNonNull(ReflectionTestUtils.getField(container, "queues"));
            Acknowledgements acknowledgements = (Acknowledgements)
                    Objects.requireNonNull(ReflectionTestUtils.getField(container, "acknowledgements"));
            RequestConnection connection = server.bean(RpcServer.class).connection();
            ReflectionTestUtils.setField(
                    container, "stallWatch", new StallWatch(acknowledgements, queues, connection, noThreads));
            await().atMost(SOON).until(() -> noThreads.asked.get() > 1);

            client.send(server.queue(), RawClient.properties().build(), "30".getBytes(UTF_8));
            assertThat(RawClient.body(client.reply(5_000))).isEqualTo("832040");
            // Acknowledged by the same thread, and nobody else.
            await().atMost(SOON).until(() -> !acknowledgements.hasOpen());
            Objects.requireNonNull(connection.current()).abort();
            await().atMost(SOON).until(() -> server.consumersStarted() == 2);
            assertThat(RawClient.body(client.call(server.queue(), "30"))).isEqualTo("832040");
            int before = noThreads.asked.get();
            await().atMost(SOON).until(() -> noThreads.asked.get() > before);
        }
        assertThat(output).contains("Watching over a listener failed, and goes on", "unable to create native thread");
    }

    private static final class NoThreads extends AbstractExecutorService {

        private final AtomicInteger asked = new AtomicInteger();

        @Override
        public void execute(Runnable task) {
            asked.incrementAndGet();
            throw new OutOfMemoryError("unable to create native thread");
        }

        @Override
        public void shutdown() {}

        @Override
        public List<Runnable> shutdownNow() {
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return true;
        }
    }
}
