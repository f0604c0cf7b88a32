package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.Connection;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The broker's log has a line for each thing used that RabbitMQ is going to take away. Versions before 3.12 write none. */
class DeprecatedFeaturesTests {

    private static final String DEPRECATED = "Deprecated features: `";

    @Test
    void areNotUsedAndWouldBeSeen() throws IOException {
        try (TestBroker broker = TestBroker.start();
                Connection connection = broker.connect();
                Site site = new Site(broker)) {
            site.starting();
            site.added(ServiceProcess.server(site.with("fib.queue.name", "quorum", "fib.queue.type", "quorum")))
                    .awaitHealthy();
            site.gateway();
            assertThat(broker.log()).contains("started TCP listener").doesNotContainIgnoringCase("deprecat");

            // The one setting that asks for such a thing.
            site.added(ServiceProcess.server(site.with("fib.queue.name", "transient", "fib.queue.durable", "false")));
            if (version(connection) < 312) {
                await().atMost(ServiceProcess.START)
                        .untilAsserted(() -> assertThat(broker.ctl("list_queues", "name", "durable"))
                                .contains("transient\tfalse"));
            } else {
                await().atMost(ServiceProcess.START).untilAsserted(() -> assertThat(broker.log())
                        .contains(DEPRECATED + "transient_nonexcl_queues`"));
            }
        }
    }

    /** 310 for 3.10.8. */
    private static int version(Connection connection) {
        String[] parts =
                String.valueOf(connection.getServerProperties().get("version")).split("\\.", -1);
        return 100 * Integer.parseInt(parts[0]) + Integer.parseInt(parts[1]);
    }
}
