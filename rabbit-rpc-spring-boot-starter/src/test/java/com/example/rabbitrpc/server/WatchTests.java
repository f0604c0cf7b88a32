package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
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
            AtomicInteger asked = new AtomicInteger();
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
                    container, "stallWatch", new StallWatch(acknowledgements, queues, connection, () -> {
                        OutOfMemoryError error = new OutOfMemoryError("unable to create native thread");
                        if (asked.incrementAndGet() % 2 == 0) {
                            return CompletableFuture.failedFuture(error);
                        }
                        throw error;
                    }));
            await().atMost(SOON).until(() -> asked.get() > 3);

            client.send(server.queue(), RawClient.properties().build(), "30".getBytes(UTF_8));
            assertThat(RawClient.body(client.reply(5_000))).isEqualTo("832040");
            // Acknowledged by the same thread, and nobody else.
            await().atMost(SOON).until(() -> !acknowledgements.hasOpen());
            Objects.requireNonNull(connection.current()).abort();
            await().atMost(SOON).until(() -> server.consumersStarted() == 2);
            assertThat(RawClient.body(client.call(server.queue(), "30"))).isEqualTo("832040");
            int before = asked.get();
            await().atMost(SOON).until(() -> asked.get() > before);
        }
        assertThat(output).contains("Watching over a listener failed, and goes on", "unable to create native thread");
    }
}
