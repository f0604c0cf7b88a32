package com.example.fib.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class SharedBrokerTests {

    @Test
    void answersARoundTrip() throws Exception {
        RoundTrip.over(TestBroker.shared());
    }

    @Test
    void isOneAndTheSameForAll() {
        assertThat(TestBroker.shared()).isSameAs(TestBroker.shared());
        TestBroker.shared().close();
        assertThat(TestBroker.shared().connect()).satisfies(connection -> connection.close());
    }

    @Test
    void cannotBeBroken() {
        assertThatThrownBy(() -> TestBroker.shared().kill())
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("TestBroker.start()");
    }

    @Test
    void tellsSpringWhereItIs() {
        TestBroker broker = TestBroker.shared();
        assertThat(broker.properties())
                .containsEntry("spring.rabbitmq.addresses", broker.host() + ":" + broker.port())
                .containsEntry("spring.rabbitmq.username", broker.username())
                .containsEntry("spring.rabbitmq.password", broker.password())
                .containsEntry("spring.rabbitmq.virtual-host", "/")
                .containsEntry("spring.rabbitmq.ssl.enabled", "false");
    }

    @Test
    void comesFromTheEnvironmentFirst() {
        TestBroker broker = SharedBroker.find("", Map.of("RABBITMQ_URL", "amqp://ann:secret@rabbit.example:5673/test"));
        assertThat(broker.host()).isEqualTo("rabbit.example");
        assertThat(broker.port()).isEqualTo(5673);
        assertThat(broker.username()).isEqualTo("ann");
        assertThat(broker.password()).isEqualTo("secret");
        assertThat(broker.properties()).containsEntry("spring.rabbitmq.virtual-host", "test");
    }

    @Test
    void understandsSpringsVariables() {
        assertThat(given(Map.of("SPRING_RABBITMQ_HOST", "rabbit.example")).uri())
                .isEqualTo("amqp://guest:guest@rabbit.example:5672");
        assertThat(given(Map.of("SPRING_RABBITMQ_PORT", "5673")).uri()).isEqualTo("amqp://guest:guest@localhost:5673");
        assertThat(given(Map.of("SPRING_RABBITMQ_ADDRESSES", "one:5671, two:5672"))
                        .host())
                .isEqualTo("one");
        assertThat(given(Map.of("SPRING_RABBITMQ_ADDRESSES", "amqps://ann:secret@one"))
                        .properties())
                .containsEntry("spring.rabbitmq.addresses", "one:5671")
                .containsEntry("spring.rabbitmq.ssl.enabled", "true");
        TestBroker broker = given(Map.of(
                "SPRING_RABBITMQ_HOST", "h",
                "SPRING_RABBITMQ_USERNAME", "a b",
                "SPRING_RABBITMQ_PASSWORD", "p@ss:/",
                "SPRING_RABBITMQ_VIRTUAL_HOST", "/v"));
        assertThat(broker.username()).isEqualTo("a b");
        assertThat(broker.password()).isEqualTo("p@ss:/");
        assertThat(broker.connectionFactory().getVirtualHost()).isEqualTo("/v");
    }

    @Test
    void givesTheTestsQueuesOfTheirOwnWhereItIsSomebodyElses() {
        Map<String, String> environment = Map.of("RABBITMQ_URL", "amqp://rabbit.example");
        TestBroker broker = given(environment);
        assertThat(broker.queue()).isEqualTo(broker.queue()).isNotEqualTo("rpc_queue");
        assertThat(broker.queue()).isNotEqualTo(given(environment).queue());
        assertThat(broker.properties()).containsEntry("fib.queue.name", broker.queue());
        assertThat(broker.newQueue()).isNotEqualTo(broker.newQueue());
    }

    @Test
    void listsTheChoicesWhereThereIsNone() {
        Map<String, String> noEngine = Map.of("DOCKER_HOST", "unix:///nonexistent");
        assertThatThrownBy(() -> SharedBroker.find("docker", noEngine))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("RABBITMQ_URL")
                .hasMessageContaining("install rabbitmq-server")
                .hasMessageContaining("Docker: ");
    }

    private static TestBroker given(Map<String, String> environment) {
        return SharedBroker.find("", environment);
    }
}
