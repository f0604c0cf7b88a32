package com.example.rabbitrpc.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.Delivery;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;

@ExtendWith(OutputCaptureExtension.class)
class ComputingFailsTests {

    @Test
    void isAnsweredWithInternalAndLoggedWithTheCorrelationId(CapturedOutput output) throws Exception {
        try (TestServer server = TestServer.startWith(Failing.class, TestBroker.shared());
                RawClient client = new RawClient(TestBroker.shared())) {
            for (String n : new String[] {"1", "2", "3"}) {
                Delivery reply = client.call(
                        server.queue(),
                        RawClient.properties().correlationId("call-" + n).build(),
                        n,
                        1_000);

                assertThat(RawClient.header(reply, "x-rpc-status")).isEqualTo("INTERNAL");
                assertThat(RawClient.body(reply))
                        .doesNotContain("secret", "Exception")
                        .endsWith(".");
                assertThat(output).contains("correlation_id 'call-" + n + "'");
            }
            assertThat(output).contains("IllegalStateException: secret", "StackOverflowError", "OutOfMemoryError");

            assertThat(RawClient.body(client.call(server.queue(), "30"))).isEqualTo("832040");
            assertThat(server.consumersStarted()).isEqualTo(1);
        }
    }

    @TestConfiguration
    static class Failing {

        @Bean
        @Primary
        IntFunction<String> failing() {
            return n -> switch (n) {
                case 1 -> throw new IllegalStateException("secret");
                case 2 -> throw new StackOverflowError();
                case 3 -> throw new OutOfMemoryError();
                default -> TestApplication.fibonacci(n);
            };
        }
    }
}
