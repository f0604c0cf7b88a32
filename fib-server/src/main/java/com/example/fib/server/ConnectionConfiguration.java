package com.example.fib.server;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.ConnectionListener;
import org.springframework.amqp.rabbit.connection.ConnectionNameStrategy;
import org.springframework.amqp.rabbit.connection.RabbitConnectionFactoryBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.amqp.autoconfigure.CachingConnectionFactoryConfigurer;
import org.springframework.boot.amqp.autoconfigure.ConnectionFactoryCustomizer;
import org.springframework.boot.amqp.autoconfigure.RabbitConnectionFactoryBeanConfigurer;
import org.springframework.boot.amqp.autoconfigure.RabbitProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;
import org.springframework.util.StringUtils;

/**
 * The connection to the broker: Boot's, with its settings, behind a {@link FrameGuard} and with every wait bounded.
 */
@Configuration(proxyBeanMethods = false)
class ConnectionConfiguration {

    private static final Logger log = LoggerFactory.getLogger(ConnectionConfiguration.class);

    private static final int TIMEOUT_MILLIS = 2_000;

    @Bean
    ConnectionNameStrategy connectionName(InstanceId instanceId) {
        return factory -> "fib-server@" + instanceId;
    }

    /** What spring.rabbitmq has no names for. */
    @Bean
    ConnectionFactoryCustomizer bounds() {
        return factory -> {
            factory.setHandshakeTimeout(TIMEOUT_MILLIS);
            factory.setShutdownTimeout(TIMEOUT_MILLIS);
        };
    }

    @Bean(destroyMethod = "shutdownNow")
    ExecutorService closing() {
        return Executors.newCachedThreadPool(daemonThreads("amqp-close-"));
    }

    @Bean(destroyMethod = "shutdownNow")
    ExecutorService probing() {
        return Executors.newSingleThreadExecutor(daemonThreads("broker-health-"));
    }

    @Bean(destroyMethod = "shutdownNow")
    ExecutorService deliveries(RabbitProperties properties) {
        Integer consumers = properties.getListener().getDirect().getConsumersPerQueue();
        return Executors.newFixedThreadPool(consumers == null ? 1 : consumers, daemonThreads("amqp-deliveries-"));
    }

    @Bean
    GuardedConnectionFactory client(
            RabbitConnectionFactoryBeanConfigurer configurer,
            ObjectProvider<ConnectionFactoryCustomizer> customizers,
            RabbitProperties properties,
            SslBundles bundles,
            ExecutorService closing)
            throws Exception {
        RabbitConnectionFactoryBean bean = new RabbitConnectionFactoryBean();
        configurer.configure(bean);
        bean.afterPropertiesSet();
        com.rabbitmq.client.ConnectionFactory client = bean.getRabbitConnectionFactory();
        customizers.orderedStream().forEach(customizer -> customizer.customize(client));
        String bundle = properties.getSsl().getBundle();
        if (!StringUtils.hasText(bundle)) {
            return new GuardedConnectionFactory(client, null, closing);
        }
        if (properties.getSsl().isVerifyHostname()) {
            client.enableHostnameVerification(); // also where an address says amqp://: the bundle means TLS
        }
        bundles.addBundleUpdateHandler(
                bundle, updated -> log.info("TLS bundle {} has changed: from the next connection on", bundle));
        // Asked at each connection: Boot would keep the one that was there at the start.
        return new GuardedConnectionFactory(
                client, connection -> bundles.getBundle(bundle).createSslContext(), closing);
    }

    @Bean
    CachingConnectionFactory rabbitConnectionFactory(
            com.rabbitmq.client.ConnectionFactory client,
            CachingConnectionFactoryConfigurer configurer,
            List<ConnectionListener> listeners,
            ExecutorService deliveries) {
        CachingConnectionFactory factory = new CachingConnectionFactory(client);
        configurer.configure(factory);
        factory.setExecutor(deliveries);
        factory.setCloseTimeout(TIMEOUT_MILLIS);
        listeners.forEach(factory::addConnectionListener);
        return factory;
    }

    private static CustomizableThreadFactory daemonThreads(String prefix) {
        CustomizableThreadFactory threads = new CustomizableThreadFactory(prefix);
        threads.setDaemon(true);
        return threads;
    }
}
