package com.example.rabbitrpc.autoconfigure;

import com.example.rabbitrpc.client.CallTracing;
import com.example.rabbitrpc.client.Nodes;
import com.example.rabbitrpc.client.RpcClientMetrics;
import com.example.rabbitrpc.client.RpcMessageConverter;
import com.example.rabbitrpc.client.RpcTemplate;
import com.rabbitmq.client.Address;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.propagation.Propagator;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.amqp.rabbit.connection.ConnectionNameStrategy;
import org.springframework.amqp.rabbit.core.RabbitOperations;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.amqp.autoconfigure.CachingConnectionFactoryConfigurer;
import org.springframework.boot.amqp.autoconfigure.ConnectionFactoryCustomizer;
import org.springframework.boot.amqp.autoconfigure.RabbitAutoConfiguration;
import org.springframework.boot.amqp.autoconfigure.RabbitConnectionDetails;
import org.springframework.boot.amqp.autoconfigure.RabbitConnectionFactoryBeanConfigurer;
import org.springframework.boot.amqp.autoconfigure.RabbitProperties;
import org.springframework.boot.amqp.autoconfigure.RabbitTemplateConfigurer;
import org.springframework.boot.amqp.autoconfigure.RabbitTemplateCustomizer;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.thread.Threading;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.core.task.SyncTaskExecutor;
import org.springframework.core.task.support.ExecutorServiceAdapter;
import tools.jackson.databind.json.JsonMapper;

/**
 * Calls: the application's {@code RabbitTemplate} is the library's, unless the application defines one. The parts have an order, as
 * some depend on beans of those before them.
 */
@AutoConfiguration(before = RabbitAutoConfiguration.class)
@ConditionalOnBooleanProperty(name = "rabbit.rpc.client.enabled", matchIfMissing = true)
public final class RpcClientAutoConfiguration {

    private static final Logger log = LoggerFactory.getLogger(RpcClientAutoConfiguration.class);

    private static final String CONNECTIONS = "rpcClientConnectionFactory";
    private static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(5);

    /** Threads for calls that wait for a slot, where each takes one of the system's. */
    private static final int WAITING_ON_PLATFORM_THREADS = 32;

    /** The connections of calls: of their own, as what is done to them is not for all others. */
    @Configuration(proxyBeanMethods = false)
    @Order(1)
    @ConditionalOnMissingBean({ConnectionFactory.class, RabbitOperations.class})
    static class Connections {

        @Bean(name = CONNECTIONS, defaultCandidate = false)
        CachingConnectionFactory rpcClientConnectionFactory(
                RabbitConnectionFactoryBeanConfigurer beanConfigurer,
                CachingConnectionFactoryConfigurer configurer,
                ObjectProvider<ConnectionFactoryCustomizer> customizers,
                RabbitProperties properties,
                ObjectProvider<SslBundles> bundles,
                ObjectProvider<ConnectionNameStrategy> names,
                Environment environment)
                throws Exception {
            CachingConnectionFactory factory = RpcConnections.create(
                    beanConfigurer, configurer, customizers, properties, bundles.getIfAvailable());
            if (names.getIfAvailable() == null) {
                // Who it is, for whoever looks at the broker.
                String name = environment.getProperty("spring.application.name", "rpc-client") + "@"
                        + environment.getProperty("HOSTNAME", "localhost");
                factory.setConnectionNameStrategy(any -> name);
            }
            // A reply only wakes whoever waits for it: that costs less than handing it to a thread which does.
            factory.setExecutor(new ExecutorServiceAdapter(new SyncTaskExecutor()));
            return factory;
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Order(2)
    @ConditionalOnMissingBean(RabbitOperations.class)
    @EnableConfigurationProperties(RpcClientSettings.class)
    static class Calls {

        @Bean
        RpcTemplate rabbitTemplate(
                RabbitTemplateConfigurer configurer,
                ConnectionFactory connectionFactory,
                @Qualifier(CONNECTIONS) ObjectProvider<CachingConnectionFactory> callConnections,
                RpcClientSettings settings,
                RabbitProperties properties,
                ObjectProvider<RabbitConnectionDetails> details,
                Environment environment,
                ObjectProvider<JsonMapper> json,
                ObjectProvider<RabbitTemplateCustomizer> customizers) {
            RpcTemplate template = new RpcTemplate(new RpcTemplate.Limits(
                    settings.maxInFlight(),
                    Threading.PLATFORM.isActive(environment) ? WAITING_ON_PLATFORM_THREADS : Integer.MAX_VALUE,
                    settings.hedgeAfter(),
                    settings.resendShare()));
            template.setCallConverter(new RpcMessageConverter(json.getIfAvailable(JsonMapper::shared)));
            Duration deadline = deadline(settings, properties);
            configurer.configure(template, connectionFactory);
            template.setReplyTimeout(deadline.toMillis());
            CachingConnectionFactory own = callConnections.getIfAvailable();
            if (own == null) {
                log.info("Calls use the application's own ConnectionFactory as it is");
            } else {
                template.setCallConnectionFactory(own);
                List<Address> nodes = RpcConnections.nodes(details.getIfAvailable());
                if (nodes.size() > 1) {
                    template.setNodes(new Nodes(own, nodes, properties.getAddressShuffleMode()));
                }
            }
            template.watchFromTheStart(settings.queues());
            customizers.orderedStream().forEach(customizer -> customizer.customize(template));
            return template;
        }

        private static Duration deadline(RpcClientSettings settings, RabbitProperties properties) {
            Duration ofTemplate = properties.getTemplate().getReplyTimeout();
            if (ofTemplate != null && ofTemplate.toMillis() < 1) {
                throw new IllegalArgumentException(
                        "spring.rabbitmq.template.reply-timeout must be 1 ms or more, and not " + ofTemplate
                                + ": a call has an end");
            }
            Duration deadline = settings.deadline();
            if (deadline != null) {
                return deadline;
            }
            return ofTemplate == null ? DEFAULT_DEADLINE : ofTemplate;
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Order(3)
    @ConditionalOnMissingBean(RpcTemplate.class)
    static class Off {

        Off() {
            log.warn("The application has a RabbitTemplate of its own: its calls are as Spring has them, without"
                    + " the deadlines and the reply channel of rabbit.rpc.client. Set rabbit.rpc.client.enabled=false"
                    + " where that is meant");
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Order(4)
    @ConditionalOnClass(MeterRegistry.class)
    @ConditionalOnBean(RpcTemplate.class)
    static class Metrics {

        @Bean
        RpcClientMetrics rpcClientMetrics(RpcTemplate template) {
            return new RpcClientMetrics(template);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Order(5)
    @ConditionalOnClass({Tracer.class, Propagator.class})
    static class Tracing {

        @Bean
        RabbitTemplateCustomizer rpcClientTracing(
                ObjectProvider<Tracer> tracers, ObjectProvider<Propagator> propagators) {
            return template -> {
                Tracer tracer = tracers.getIfAvailable();
                Propagator propagator = propagators.getIfAvailable();
                if (template instanceof RpcTemplate calls && tracer != null && propagator != null) {
                    calls.setTracing(new CallTracing(tracer, propagator));
                }
            };
        }
    }
}
