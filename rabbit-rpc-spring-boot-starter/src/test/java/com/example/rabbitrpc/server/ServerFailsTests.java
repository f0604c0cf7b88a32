package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;

/** An error where no function is to blame, as memory or threads that run out. */
@ExtendWith(OutputCaptureExtension.class)
class ServerFailsTests {

    @Test
    void leavesNothingUnacknowledgedAndNoThreadDead(CapturedOutput output) throws Exception {
        try (RawClient client = new RawClient(TestBroker.shared())) {
            TestServer server = TestServer.startWith(Failing.class, TestBroker.shared());
            for (int i = 0;
                    i < 100;
                    i++) { // Three times what may be unacknowledged, and many more than there are threads.
                client.send(
                        server.queue(),
                        RawClient.properties().correlationId("bad").build(),
                        "30".getBytes(UTF_8));
            }
            await().until(() -> server.count("rabbitmq.rejected") == 100);

            assertThat(RawClient.body(client.call(server.queue(), "30"))).isEqualTo("832040");
            assertThat(server.consumersStarted()).isEqualTo(1);
            server.close();
            assertThat(client.channel.messageCount(server.queue())).isZero();
        }
        assertThat(output).contains("A request was dropped, as this server failed", "OutOfMemoryError: thread");
    }

    @TestConfiguration
    static class Failing {

        @Bean
        RequestTracing failing() {
            return new RequestTracing() {
                @Override
                public void run(MessageProperties request, Runnable work) {
                    if ("bad".equals(request.getCorrelationId())) {
                        throw new OutOfMemoryError("thread");
                    }
                    work.run();
                }

                @Override
                public void failed(String type, @Nullable Throwable cause) {}
            };
        }
    }
}
