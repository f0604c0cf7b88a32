package com.example.rabbitrpc.autoconfigure;

import com.example.rabbitrpc.ShortRequests;
import com.example.rabbitrpc.server.GuardedConnectionFactory;
import com.example.rabbitrpc.server.MicrometerRequestTracing;
import com.example.rabbitrpc.server.MicrometerServerMetrics;
import com.example.rabbitrpc.server.RequestTracing;
import com.example.rabbitrpc.server.RpcListenerContainer;
import com.example.rabbitrpc.server.RpcListenerContainerFactory;
import com.example.rabbitrpc.server.RpcServer;
import com.example.rabbitrpc.server.RpcServerOptions;
import com.example.rabbitrpc.server.ServerMetrics;
import com.example.rabbitrpc.server.Threads;
import com.rabbitmq.client.ShutdownSignalException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.propagation.Propagator;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.rabbit.annotation.EnableRabbit;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.amqp.rabbit.connection.ConnectionNameStrategy;
import org.springframework.amqp.rabbit.connection.RabbitConnectionFactoryBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.LazyInitializationExcludeFilter;
import org.springframework.boot.amqp.autoconfigure.CachingConnectionFactoryConfigurer;
import org.springframework.boot.amqp.autoconfigure.ConnectionFactoryCustomizer;
import org.springframework.boot.amqp.autoconfigure.DirectRabbitListenerContainerFactoryConfigurer;
import org.springframework.boot.amqp.autoconfigure.RabbitAutoConfiguration;
import org.springframework.boot.amqp.autoconfigure.RabbitConnectionDetails;
import org.springframework.boot.amqp.autoconfigure.RabbitConnectionFactoryBeanConfigurer;
import org.springframework.boot.amqp.autoconfigure.RabbitProperties;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;
import org.springframework.validation.Validator;
import tools.jackson.databind.json.JsonMapper;

/**
 * Listeners that answer requests: {@code rpcListenerContainerFactory}, on a separate connection. That is configured like Boot's,
 * by {@code spring.rabbitmq}, with a guard and with a limit for every wait. This comes before Boot's auto-configuration, so that a
 * missing connection factory means that the application does not define one.
 */
@AutoConfiguration(before = RabbitAutoConfiguration.class)
@ConditionalOnClass(EnableRabbit.class)
@ConditionalOnProperty(name = "rabbit.rpc.server.enabled", matchIfMissing = true)
@EnableConfigurationProperties({RpcServerProperties.class, RabbitProperties.class})
public final class RpcServerAutoConfiguration {

    private static final Logger log = LoggerFactory.getLogger(RpcServerAutoConfiguration.class);

    private static final int TIMEOUT_MILLIS = 2_000;
    private static final int HEARTBEAT_SECONDS = 5;
    private static final Duration UNSET_RPC_TIMEOUT = Duration.ofMinutes(10);

    /** They only hand requests to workers. More than one, so that a queue that is lost holds up no other. */
    private static final int DELIVERY_THREADS = 4;

    RpcServerAutoConfiguration() {}

    /** Nobody asks for a listener: with {@code spring.main.lazy-initialization} there would be none, and no word of it. */
    @Bean
    static LazyInitializationExcludeFilter rpcListenersAreNotLazy() {
        return (name, definition, type) -> !MethodIntrospector.selectMethods(type, RpcServerAutoConfiguration::answers)
                .isEmpty();
    }

    private static boolean answers(Method method) {
        return AnnotatedElementUtils.findMergedRepeatableAnnotations(method, RabbitListener.class).stream()
                .anyMatch(listener -> listener.containerFactory().equals("rpcListenerContainerFactory"));
    }

    @Bean
    RpcServerOptions rpcServerOptions(RpcServerProperties settings, RabbitProperties rabbit) {
        Integer prefetch = rabbit.getListener().getDirect().getPrefetch();
        if (prefetch != null && prefetch < 1) {
            throw new IllegalArgumentException("spring.rabbitmq.listener.direct.prefetch is 1 or more, and not "
                    + prefetch + ": without a limit the whole queue would go into this server's memory.");
        }
        String instanceId = settings.instanceId();
        return new RpcServerOptions(
                instanceId == null ? hostAndSuffix() : instanceId,
                settings.workers(),
                prefetch,
                (int) settings.maxRequestSize().toBytes(),
                settings.replyToPattern(),
                rpcTimeout(rabbit));
    }

    private static String hostAndSuffix() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException ex) {
            host = "localhost";
        }
        return "%s-%04x".formatted(host, ThreadLocalRandom.current().nextInt(1 << 16));
    }

    private static Duration rpcTimeout(RabbitProperties rabbit) {
        Duration timeout = rabbit.getChannelRpcTimeout();
        return timeout.equals(UNSET_RPC_TIMEOUT) ? Duration.ofMillis(TIMEOUT_MILLIS) : timeout;
    }

    @Bean(defaultCandidate = false)
    @ConditionalOnMissingBean(ConnectionFactory.class)
    CachingConnectionFactory rpcServerConnectionFactory(
            RabbitConnectionFactoryBeanConfigurer beanConfigurer,
            CachingConnectionFactoryConfigurer configurer,
            ObjectProvider<ConnectionFactoryCustomizer> customizers,
            ObjectProvider<ConnectionNameStrategy> names,
            ObjectProvider<SslBundles> bundles,
            RabbitProperties rabbit,
            RpcServerOptions options,
            Environment environment)
            throws Exception {
        RabbitConnectionFactoryBean bean = new RabbitConnectionFactoryBean();
        bean.setConnectionTimeout(TIMEOUT_MILLIS);
        bean.setRequestedHeartbeat(HEARTBEAT_SECONDS);
        beanConfigurer.configure(bean);
        bean.setChannelRpcTimeout((int) options.timeout().toMillis());
        bean.afterPropertiesSet();
        com.rabbitmq.client.ConnectionFactory client = bean.getRabbitConnectionFactory();
        client.setHandshakeTimeout(TIMEOUT_MILLIS);
        client.setShutdownTimeout(TIMEOUT_MILLIS);
        customizers.orderedStream().forEach(customizer -> customizer.customize(client));
        CachingConnectionFactory factory =
                new CachingConnectionFactory(guarded(client, rabbit, bundles.getIfAvailable(), options));
        String name = environment.getProperty("spring.application.name", "rpc-server") + "@" + options.instanceId();
        factory.setConnectionNameStrategy(connection -> name);
        configurer.configure(factory);
        RpcConnections.oneConnection(factory);
        factory.setExecutor(Threads.fixed(DELIVERY_THREADS, "rpc-deliveries-"));
        factory.setCloseTimeout(TIMEOUT_MILLIS);
        factory.setCloseExceptionLogger(RpcServerAutoConfiguration::logClosed);
        return factory;
    }

    /** A connection that was closed is worth a line. Channels are closed at each try to consume what others lock. */
    private static void logClosed(Log logger, String message, @Nullable Throwable cause) {
        if (cause instanceof ShutdownSignalException signal
                && signal.isHardError()
                && !signal.isInitiatedByApplication()) {
            logger.error(message + ": " + signal.getMessage());
        } else {
            logger.debug(message, cause);
        }
    }

    private static GuardedConnectionFactory guarded(
            com.rabbitmq.client.ConnectionFactory client,
            RabbitProperties rabbit,
            @Nullable SslBundles bundles,
            RpcServerOptions options) {
        String bundle = rabbit.getSsl().getBundle();
        if (bundles == null || !StringUtils.hasText(bundle)) {
            return new GuardedConnectionFactory(client, null, options.maxRequestBytes());
        }
        if (rabbit.getSsl().isVerifyHostname()) {
            client.enableHostnameVerification(); // also where an address says amqp://: the bundle means TLS
        }
        bundles.addBundleUpdateHandler(
                bundle, updated -> log.info("TLS bundle {} has changed: from the next connection on", bundle));
        // Asked at each connection: Boot would keep the one that was there at the start.
        return new GuardedConnectionFactory(
                client, connection -> bundles.getBundle(bundle).createSslContext(), options.maxRequestBytes());
    }

    @Bean
    RpcServer rpcServer(
            @Qualifier("rpcServerConnectionFactory") ObjectProvider<CachingConnectionFactory> own,
            ObjectProvider<ConnectionFactory> applications,
            ObjectProvider<RabbitConnectionDetails> details,
            RpcServerOptions options,
            ObjectProvider<ServerMetrics> metrics,
            ObjectProvider<RequestTracing> tracing,
            ObjectProvider<ShortRequests> shortRequests) {
        CachingConnectionFactory connections = own.getIfAvailable();
        GuardedConnectionFactory client = null;
        if (connections == null) {
            log.info("Requests come by the application's own ConnectionFactory: its connections are used as they are,"
                    + " without a guard against messages that close them");
        } else {
            client = (GuardedConnectionFactory) connections.getRabbitConnectionFactory();
        }
        return new RpcServer(
                connections == null ? applications.getObject() : connections,
                client,
                RpcConnections.nodes(details.getIfAvailable()),
                options,
                metrics.getIfAvailable(() -> ServerMetrics.NONE),
                tracing.getIfAvailable(() -> RequestTracing.NONE),
                shortRequests.getIfAvailable(() -> request -> false));
    }

    @Bean
    @ConditionalOnMissingBean(name = "rpcListenerContainerFactory")
    RpcListenerContainerFactory rpcListenerContainerFactory(
            RpcServer server,
            @Qualifier("rpcServerConnectionFactory") ObjectProvider<CachingConnectionFactory> own,
            ObjectProvider<ConnectionFactory> applications,
            DirectRabbitListenerContainerFactoryConfigurer configurer,
            ObjectProvider<JsonMapper> json,
            ObjectProvider<Validator> validator,
            ObjectProvider<LoggingSystem> logging,
            Environment environment) {
        RpcListenerContainerFactory factory = new RpcListenerContainerFactory(
                server, json.getIfAvailable(JsonMapper::shared), validator.getIfUnique());
        ConnectionFactory connections = own.getIfAvailable();
        configurer.configure(factory, connections == null ? applications.getObject() : connections);
        // Spring's container writes a stack trace for each try while the broker is away; ConnectionLog says it in one
        // line.
        String name = RpcListenerContainer.class.getName();
        if (environment.getProperty("logging.level." + name) == null) {
            logging.ifAvailable(system -> system.setLogLevel(name, LogLevel.OFF));
        }
        return factory;
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterRegistry.class)
    static class Metrics {

        @Bean
        @ConditionalOnMissingBean
        ServerMetrics rpcServerMetrics(ObjectProvider<MeterRegistry> registry) {
            MeterRegistry found = registry.getIfUnique();
            return found == null ? ServerMetrics.NONE : new MicrometerServerMetrics(found);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({Tracer.class, Propagator.class})
    static class Tracing {

        @Bean
        @ConditionalOnMissingBean
        RequestTracing rpcRequestTracing(ObjectProvider<Tracer> tracer, ObjectProvider<Propagator> propagator) {
            Tracer found = tracer.getIfUnique();
            Propagator context = propagator.getIfUnique();
            return found == null || context == null
                    ? RequestTracing.NONE
                    : new MicrometerRequestTracing(found, context);
        }
    }
}
