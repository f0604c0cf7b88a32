package com.example.fib.gateway;

import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.propagation.Propagator;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.ConnectionNameStrategy;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.amqp.autoconfigure.ConnectionFactoryCustomizer;
import org.springframework.boot.amqp.autoconfigure.RabbitProperties;
import org.springframework.boot.amqp.autoconfigure.RabbitTemplateConfigurer;
import org.springframework.boot.amqp.autoconfigure.RabbitTemplateCustomizer;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.SyncTaskExecutor;
import org.springframework.core.task.support.ExecutorServiceAdapter;
import org.springframework.util.StringUtils;

/** The template, set up by Boot as its own would be, and what {@code spring.rabbitmq.*} has no setting for. */
@Configuration(proxyBeanMethods = false)
class RabbitConfiguration {

    private static final Logger log = LoggerFactory.getLogger(RabbitConfiguration.class);

    private static final int HANDSHAKE_TIMEOUT_MS = 5_000;
    private static final int CLOSE_TIMEOUT_MS = 2_000;

    /** Tokens at the start, so that a first call can be sent again, too. */
    private static final int FIRST_RESENDS = 10;

    @Bean
    SharedReplyTemplate rabbitTemplate(
            RabbitTemplateConfigurer configurer,
            CachingConnectionFactory connectionFactory,
            GatewaySettings settings,
            Tracer tracer,
            Propagator propagator,
            ObjectProvider<RabbitTemplateCustomizer> customizers) {
        connectionFactory.setCloseTimeout(CLOSE_TIMEOUT_MS);
        // A reply only wakes whoever waits for it: that costs less than handing it to a thread which does.
        connectionFactory.setExecutor(new ExecutorServiceAdapter(new SyncTaskExecutor()));
        double share = settings.resendShare();
        RetryBudget budget = new RetryBudget(share, share == 0 ? 0 : FIRST_RESENDS, settings.maxInFlight());
        SharedReplyTemplate template = new SharedReplyTemplate(settings.hedgeAfter(), budget);
        template.setTracing(new CallTracing(tracer, propagator));
        configurer.configure(template, connectionFactory);
        template.setMessagePropertiesConverter(new ReplyPropertiesConverter());
        customizers.orderedStream().forEach(customizer -> customizer.customize(template));
        return template;
    }

    @Bean
    ReplyConverter replyConverter() {
        return new ReplyConverter();
    }

    @Bean
    ConnectionFactoryCustomizer boundedConnections() {
        return factory -> {
            factory.setHandshakeTimeout(HANDSHAKE_TIMEOUT_MS);
            // Without it, closing a connection whose peer reads no more waits for ever for its last flush.
            factory.setShutdownExecutor(Executors.newCachedThreadPool(task -> {
                Thread thread = new Thread(task, "rabbit-close");
                thread.setDaemon(true);
                return thread;
            }));
        };
    }

    /**
     * TLS by {@code spring.rabbitmq.ssl.bundle}. Each connection asks for the bundle, so that one that was reloaded holds from the
     * next on: Boot would keep the one that was there at the start.
     */
    @Bean
    ConnectionFactoryCustomizer reloadedTls(RabbitProperties properties, SslBundles bundles) {
        String name = properties.getSsl().getBundle();
        if (!StringUtils.hasText(name)) {
            return factory -> {};
        }
        bundles.addBundleUpdateHandler(
                name, updated -> log.info("TLS bundle {} has changed: from the next connection on", name));
        return factory -> {
            factory.setSocketFactory(null);
            factory.setSslContextFactory(connection -> bundles.getBundle(name).createSslContext());
            if (properties.getSsl().isVerifyHostname()) {
                factory.enableHostnameVerification(); // also where an address says amqp://: the bundle means TLS
            }
        };
    }

    @Bean
    ConnectionNameStrategy connectionNameStrategy(@Value("${spring.application.name}") String name) {
        return factory -> name + "@" + System.getenv().getOrDefault("HOSTNAME", "localhost");
    }
}
