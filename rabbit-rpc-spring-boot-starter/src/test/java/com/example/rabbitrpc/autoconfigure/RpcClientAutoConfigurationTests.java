package com.example.rabbitrpc.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.example.fib.broker.Responder;
import com.example.fib.broker.TestBroker;
import com.example.rabbitrpc.client.BrokerState;
import com.example.rabbitrpc.client.RpcClientMetrics;
import com.example.rabbitrpc.client.RpcTemplate;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.amqp.rabbit.core.RabbitOperations;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.boot.amqp.autoconfigure.ConnectionFactoryCustomizer;
import org.springframework.boot.amqp.autoconfigure.RabbitAutoConfiguration;
import org.springframework.boot.amqp.autoconfigure.RabbitTemplateCustomizer;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** What an application gets by the dependency alone, and when the library backs off. */
@ExtendWith(OutputCaptureExtension.class)
class RpcClientAutoConfigurationTests {

    private static final TestBroker broker = TestBroker.shared();

    private final String queue = "queue-" + UUID.randomUUID();
    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    SslAutoConfiguration.class,
                    RabbitAutoConfiguration.class,
                    RpcClientAutoConfiguration.class,
                    RpcHealthAutoConfiguration.class))
            .withPropertyValues(broker.properties().entrySet().stream()
                    .map(setting -> setting.getKey() + "=" + setting.getValue())
                    .toArray(String[]::new));

    @Test
    void theTemplateIsTheLibrarysAndBootsFactoryStaysTheApplications() {
        application.run(context -> {
            assertThat(context).hasSingleBean(RabbitOperations.class).hasSingleBean(RpcTemplate.class);
            assertThat(context).hasBean("rabbitTemplate").hasBean("rabbitConnectionFactory");
            RpcTemplate template = context.getBean(RpcTemplate.class);
            assertThat(template.getConnectionFactory())
                    .isSameAs(context.getBean(ConnectionFactory.class))
                    .isSameAs(context.getBean("rabbitConnectionFactory"))
                    .isNotSameAs(context.getBean("rpcClientConnectionFactory"));
            assertAnswers(template);
        });
    }

    @Test
    void nothingIsOpenedWithoutACall() throws Exception {
        try (ServerSocket port = new ServerSocket(0)) {
            application
                    .withPropertyValues("spring.rabbitmq.addresses=localhost:" + port.getLocalPort())
                    .run(context -> assertThat(
                                    context.getBean(RpcTemplate.class).broker())
                            .isEqualTo(BrokerState.UNUSED));
            port.setSoTimeout(1);
            assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(port::accept);
        }
    }

    @Test
    void queuesThatAreNamedAreWatchedFromTheStart() throws Exception {
        try (Responder server = new Responder(broker.connect(), queue, Responder.ECHO)) {
            application.withPropertyValues("rabbit.rpc.client.queues=" + queue).run(context -> {
                RpcTemplate template = context.getBean(RpcTemplate.class);
                org.awaitility.Awaitility.await().until(() -> template.watch().reading(queue) != null);
                assertThat(template.broker()).isEqualTo(BrokerState.UP);
            });
            assertThat(server.requests()).isEmpty();
        }
    }

    @Test
    void anOwnTemplateStaysAndOneLineSaysSo(CapturedOutput output) {
        application
                .withBean(
                        "mine",
                        RabbitTemplate.class,
                        () -> new RabbitTemplate(new CachingConnectionFactory(broker.connectionFactory())))
                .run(context -> {
                    assertThat(context).hasSingleBean(RabbitOperations.class).doesNotHaveBean(RpcTemplate.class);
                    assertThat(context)
                            .doesNotHaveBean("rpcClientConnectionFactory")
                            .doesNotHaveBean(RpcClientMetrics.class);
                });
        assertThat(output.getOut()).containsOnlyOnce("The application has a RabbitTemplate of its own");
    }

    @Test
    void anOwnConnectionFactoryIsUsedAsItIs(CapturedOutput output) {
        AtomicInteger connections = new AtomicInteger();
        application
                .withBean(ConnectionFactory.class, () -> {
                    CachingConnectionFactory mine = new CachingConnectionFactory(broker.connectionFactory());
                    mine.addConnectionListener(connection -> connections.incrementAndGet());
                    return mine;
                })
                .run(context -> {
                    assertThat(context).hasSingleBean(ConnectionFactory.class);
                    assertAnswers(context.getBean(RpcTemplate.class));
                    assertThat(connections).hasPositiveValue();
                });
        assertThat(output.getOut()).containsOnlyOnce("Calls use the application's own ConnectionFactory");
    }

    @Test
    void switchedOffItIsBootsOwn() {
        application.withPropertyValues("rabbit.rpc.client.enabled=false").run(context -> assertThat(
                        context.getBean(RabbitTemplate.class))
                .isExactlyInstanceOf(RabbitTemplate.class));
    }

    @ParameterizedTest
    @CsvSource({
        "io.micrometer.core,io.micrometer.tracing",
        "org.springframework.boot.health,org.springframework.boot.actuate",
        "org.springframework.web,jakarta.servlet"
    })
    void worksWithoutWhatIsOptional(String one, String other) {
        application
                .withClassLoader(new FilteredClassLoader(one, other))
                .run(context -> assertAnswers(context.getBean(RpcTemplate.class)));
    }

    @Test
    void springsOwnSettingsAndCustomizersHold() {
        AtomicInteger factories = new AtomicInteger();
        application
                .withPropertyValues(
                        "spring.rabbitmq.template.exchange=orders", "spring.rabbitmq.template.reply-timeout=300ms")
                .withBean(RabbitTemplateCustomizer.class, () -> template -> template.setRoutingKey("customized"))
                .withBean(ConnectionFactoryCustomizer.class, () -> factory -> factories.incrementAndGet())
                .run(context -> {
                    RpcTemplate template = context.getBean(RpcTemplate.class);
                    assertThat(template.getExchange()).isEqualTo("orders");
                    assertThat(template.getRoutingKey()).isEqualTo("customized");
                    assertThat(factories).hasValue(2);
                    try (Responder server = new Responder(broker.connect(), queue, Responder.SILENT)) {
                        long start = System.nanoTime();
                        assertThat(template.convertSendAndReceive("", queue, "30"))
                                .isNull();
                        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(299));
                        assertThat(Long.parseLong(
                                        server.requests().take().getProperties().getExpiration()))
                                .isBetween(1L, 300L);
                    }
                });
    }

    @ParameterizedTest
    @CsvSource({
        "deadline=5ms, must be from 10 ms to 10 min",
        "deadline=1h, must be from 10 ms to 10 min",
        "max-in-flight=0, must be from 1 to 1000000",
        "max-in-flight=3000000, must be from 1 to 1000000",
        "hedge-after=-1s, must be from 0 to 10 min",
        "resend-share=1.5, 'must be 0, or from 0.000001 to 1'",
        "resend-share=0.0000001, 'must be 0, or from 0.000001 to 1'",
        "queues=x, must have 1 to 255 bytes"
    })
    void whatIsNotMeantIsRefusedAtTheStart(String setting, String sentence) {
        String value = setting.equals("queues=x") ? "queues=" + "\u00fc".repeat(150) : setting;
        application.withPropertyValues("rabbit.rpc.client." + value).run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .hasMessageContaining("rabbit.rpc.client." + setting.split("=", 2)[0])
                .hasMessageContaining(sentence));
    }

    @Test
    void aSmallShareIsAShare() {
        Stream.of("0.0005", "0.000001").forEach(share -> application
                .withPropertyValues("rabbit.rpc.client.resend-share=" + share)
                .run(context -> assertThat(context).hasNotFailed()));
    }

    private void assertAnswers(RpcTemplate template) throws Exception {
        try (Responder server = new Responder(broker.connect(), queue, Responder.ECHO)) {
            assertThat(template.convertSendAndReceive("", queue, "30")).isEqualTo("30");
            assertThat(server.requests()).hasSize(1);
        }
    }
}
