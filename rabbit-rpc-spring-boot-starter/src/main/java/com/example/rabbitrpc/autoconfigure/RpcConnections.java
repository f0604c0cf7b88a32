package com.example.rabbitrpc.autoconfigure;

import com.rabbitmq.client.Address;
import java.util.List;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.RabbitConnectionFactoryBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.amqp.autoconfigure.CachingConnectionFactoryConfigurer;
import org.springframework.boot.amqp.autoconfigure.ConnectionFactoryCustomizer;
import org.springframework.boot.amqp.autoconfigure.RabbitConnectionDetails;
import org.springframework.boot.amqp.autoconfigure.RabbitConnectionFactoryBeanConfigurer;
import org.springframework.boot.amqp.autoconfigure.RabbitProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.util.StringUtils;

/** Connections of the library's own, set up by Boot as the application's are, and what {@code spring.rabbitmq.*} cannot say. */
final class RpcConnections {

    private static final Logger log = LoggerFactory.getLogger(RpcConnections.class);

    private static final int HANDSHAKE_TIMEOUT_MS = 5_000;
    private static final int CLOSE_TIMEOUT_MS = 2_000;

    private RpcConnections() {}

    static CachingConnectionFactory create(
            RabbitConnectionFactoryBeanConfigurer beanConfigurer,
            CachingConnectionFactoryConfigurer configurer,
            ObjectProvider<ConnectionFactoryCustomizer> customizers,
            RabbitProperties properties,
            @Nullable SslBundles bundles)
            throws Exception {
        RabbitConnectionFactoryBean bean = new RabbitConnectionFactoryBean();
        beanConfigurer.configure(bean);
        bean.afterPropertiesSet();
        com.rabbitmq.client.ConnectionFactory client = java.util.Objects.requireNonNull(bean.getObject());
        bound(client);
        reloadTls(client, properties, bundles);
        customizers.orderedStream().forEach(customizer -> customizer.customize(client));
        CachingConnectionFactory factory = new CachingConnectionFactory(client);
        configurer.configure(factory);
        oneConnection(factory);
        factory.setCloseTimeout(CLOSE_TIMEOUT_MS);
        return factory;
    }

    /** Where the broker's nodes are. */
    static List<Address> nodes(@Nullable RabbitConnectionDetails details) {
        return details == null
                ? List.of()
                : details.getAddresses().stream()
                        .map(address -> new Address(address.host(), address.port()))
                        .toList();
    }

    /** Whatever the application's own has: here it would be one more for each channel, never closed. */
    static void oneConnection(CachingConnectionFactory factory) {
        factory.setCacheMode(CachingConnectionFactory.CacheMode.CHANNEL);
        factory.setConnectionCacheSize(1); // Spring refuses another number with this mode.
    }

    static void bound(com.rabbitmq.client.ConnectionFactory client) {
        client.setHandshakeTimeout(HANDSHAKE_TIMEOUT_MS);
        // Without it, closing a connection whose peer reads no more waits for ever for its last flush.
        client.setShutdownExecutor(Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "rabbit-close");
            thread.setDaemon(true);
            return thread;
        }));
    }

    /**
     * TLS by {@code spring.rabbitmq.ssl.bundle}. Each connection asks for the bundle, so that one that was reloaded holds from the
     * next on: Boot would keep the one that was there at the start.
     */
    private static void reloadTls(
            com.rabbitmq.client.ConnectionFactory client, RabbitProperties properties, @Nullable SslBundles bundles) {
        String name = properties.getSsl().getBundle();
        if (!StringUtils.hasText(name) || bundles == null) {
            return;
        }
        bundles.addBundleUpdateHandler(
                name, updated -> log.info("TLS bundle {} has changed: from the next connection on", name));
        client.setSocketFactory(null);
        client.setSslContextFactory(connection -> bundles.getBundle(name).createSslContext());
        if (properties.getSsl().isVerifyHostname()) {
            client.enableHostnameVerification(); // also where an address says amqp://: the bundle means TLS
        }
    }
}
