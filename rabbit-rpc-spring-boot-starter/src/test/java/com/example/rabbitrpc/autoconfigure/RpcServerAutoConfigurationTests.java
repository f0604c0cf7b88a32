package com.example.rabbitrpc.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.rabbitrpc.server.GuardedConnectionFactory;
import com.example.rabbitrpc.server.RequestTracing;
import com.example.rabbitrpc.server.RpcListenerContainer;
import com.example.rabbitrpc.server.RpcServer;
import com.example.rabbitrpc.server.RpcServerOptions;
import com.example.rabbitrpc.server.ServerMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.tracing.Tracer;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.amqp.core.AcknowledgeMode;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.amqp.rabbit.listener.RabbitListenerEndpointRegistry;
import org.springframework.boot.amqp.autoconfigure.ConnectionFactoryCustomizer;
import org.springframework.boot.amqp.autoconfigure.RabbitAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.validation.Validator;
import org.springframework.web.servlet.DispatcherServlet;

@ExtendWith(OutputCaptureExtension.class)
class RpcServerAutoConfigurationTests {

    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    RpcServerAutoConfiguration.class, RpcHealthAutoConfiguration.class, RabbitAutoConfiguration.class))
            .withPropertyValues("spring.rabbitmq.port=1", "logging.level.root=info")
            .withBean(Echo.class);

    static class Echo {
        @RabbitListener(
                id = "echo",
                queues = "q",
                containerFactory = "rpcListenerContainerFactory",
                autoStartup = "false")
        String echo(String text) {
            return text;
        }
    }

    @Test
    void leavesTheApplicationsConnectionsToBoot() {
        application.run(context -> {
            assertThat(context).hasSingleBean(RpcServer.class);
            assertThat(context.getBean(ConnectionFactory.class))
                    .isSameAs(context.getBean("rabbitConnectionFactory"))
                    .isNotSameAs(context.getBean("rpcServerConnectionFactory"));
            CachingConnectionFactory own =
                    context.getBean("rpcServerConnectionFactory", CachingConnectionFactory.class);
            assertThat(own.getRabbitConnectionFactory()).isInstanceOf(GuardedConnectionFactory.class);
            assertThat(context).hasBean("rabbitListenerContainerFactory").hasBean("listenerHealthIndicator");
        });
    }

    @Test
    void boundsWhatSpringsSettingsLeaveOpen() {
        application.run(context -> {
            CachingConnectionFactory own =
                    context.getBean("rpcServerConnectionFactory", CachingConnectionFactory.class);
            assertThat(own.getRabbitConnectionFactory().getConnectionTimeout()).isEqualTo(2_000);
            assertThat(context.getBean(RpcServerOptions.class).timeout()).hasSeconds(2);
        });
        application
                .withPropertyValues(
                        "spring.rabbitmq.connection-timeout=7s",
                        "spring.rabbitmq.channel-rpc-timeout=9s",
                        "spring.rabbitmq.username=someone",
                        "spring.rabbitmq.virtual-host=a")
                .run(context -> {
                    CachingConnectionFactory own =
                            context.getBean("rpcServerConnectionFactory", CachingConnectionFactory.class);
                    assertThat(own.getRabbitConnectionFactory().getConnectionTimeout())
                            .isEqualTo(7_000);
                    assertThat(own.getRabbitConnectionFactory().getUsername()).isEqualTo("someone");
                    assertThat(own.getRabbitConnectionFactory().getVirtualHost())
                            .isEqualTo("a");
                    assertThat(context.getBean(RpcServerOptions.class).timeout())
                            .hasSeconds(9);
                });
    }

    @Test
    void asksTheApplicationsCustomizers() {
        application
                .withBean(ConnectionFactoryCustomizer.class, () -> factory -> factory.setUsername("customized"))
                .run(context -> assertThat(context.getBean("rpcServerConnectionFactory", CachingConnectionFactory.class)
                                .getRabbitConnectionFactory()
                                .getUsername())
                        .isEqualTo("customized"));
    }

    @Test
    void usesTheApplicationsOwnConnectionFactoryAsItIs(CapturedOutput output) {
        CachingConnectionFactory theirs = new CachingConnectionFactory("localhost", 1);
        application
                .withBean("theirs", CachingConnectionFactory.class, () -> theirs)
                .run(context -> {
                    assertThat(context)
                            .doesNotHaveBean("rpcServerConnectionFactory")
                            .hasSingleBean(ConnectionFactory.class);
                    assertThat(container(context).getConnectionFactory()).isSameAs(theirs);
                });
        assertThat(output.toString().lines().filter(line -> line.contains("the application's own ConnectionFactory")))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "none", "manual"})
    void acknowledgesByItselfWhateverSpringsSettingSays(String mode) {
        application
                .withPropertyValues("spring.rabbitmq.listener.direct.acknowledge-mode=" + mode)
                .run(context ->
                        assertThat(container(context).getAcknowledgeMode()).isEqualTo(AcknowledgeMode.MANUAL));
    }

    @Test
    void keepsOneConnectionWhateverTheCacheModeIs() {
        application
                .withPropertyValues("spring.rabbitmq.cache.connection.mode=connection")
                .run(context -> assertThat(context.getBean("rpcServerConnectionFactory", CachingConnectionFactory.class)
                                .getCacheMode())
                        .isEqualTo(CachingConnectionFactory.CacheMode.CHANNEL));
    }

    @Test
    void isNotThereWhereItIsDisabled() {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        RpcServerAutoConfiguration.class,
                        RpcHealthAutoConfiguration.class,
                        RabbitAutoConfiguration.class))
                .withPropertyValues("rabbit.rpc.server.enabled=false")
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .doesNotHaveBean(RpcServer.class)
                        .doesNotHaveBean("rpcListenerContainerFactory")
                        .hasSingleBean(ConnectionFactory.class));
    }

    @Test
    void worksWithoutAnythingThatIsOptional() {
        application
                .withClassLoader(new FilteredClassLoader(
                        MeterRegistry.class,
                        Tracer.class,
                        HealthIndicator.class,
                        DispatcherServlet.class,
                        Validator.class))
                .run(context -> {
                    assertThat(context).hasNotFailed().hasBean("rpcListenerContainerFactory");
                    assertThat(context).doesNotHaveBean(ServerMetrics.class).doesNotHaveBean(RequestTracing.class);
                    assertThat(context).doesNotHaveBean("listenerHealthIndicator");
                });
    }

    @Test
    void countsWhereThereIsARegistry() {
        application.withBean(SimpleMeterRegistry.class).run(context -> assertThat(
                        context.getBean(SimpleMeterRegistry.class)
                                .get("rpc.server.calls")
                                .tag("queue", "q")
                                .timers())
                .hasSize(7));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "rabbit.rpc.server.workers=0",
                "rabbit.rpc.server.workers=1001",
                "rabbit.rpc.server.instance-id=worker 1",
                "rabbit.rpc.server.instance-id=Z\u00fcrich-1",
                "rabbit.rpc.server.max-request-size=1B",
                "rabbit.rpc.server.max-request-size=1GB",
                "spring.rabbitmq.listener.direct.prefetch=0"
            })
    void refusesWhatCannotBeWithASentenceThatNamesIt(String setting) {
        application.withPropertyValues(setting).run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .hasMessageContaining(setting.split("=", 2)[0])
                .hasMessageEndingWith("."));
    }

    private static RpcListenerContainer container(ApplicationContext context) {
        return (RpcListenerContainer) Objects.requireNonNull(
                context.getBean(RabbitListenerEndpointRegistry.class).getListenerContainer("echo"));
    }
}
