package com.example.fib.gateway;

import java.util.concurrent.Executors;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.ConnectionNameStrategy;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.amqp.autoconfigure.ConnectionFactoryCustomizer;
import org.springframework.boot.amqp.autoconfigure.RabbitTemplateConfigurer;
import org.springframework.boot.amqp.autoconfigure.RabbitTemplateCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The template, set up by Boot as its own would be, and what {@code spring.rabbitmq.*} has no setting for. */
@Configuration(proxyBeanMethods = false)
class RabbitConfiguration {

    private static final int HANDSHAKE_TIMEOUT_MS = 5_000;
    private static final int CLOSE_TIMEOUT_MS = 2_000;

    /** Second sendings stay below this share of all calls. */
    private static final double RESENT_SHARE = 0.1;

    private static final int RESENT_AT_FIRST = 10;

    @Bean
    SharedReplyTemplate rabbitTemplate(
            RabbitTemplateConfigurer configurer,
            CachingConnectionFactory connectionFactory,
            GatewaySettings settings,
            ObjectProvider<RabbitTemplateCustomizer> customizers) {
        connectionFactory.setCloseTimeout(CLOSE_TIMEOUT_MS);
        SharedReplyTemplate template = new SharedReplyTemplate(
                settings.hedgeAfter(), new RetryBudget(RESENT_SHARE, RESENT_AT_FIRST, settings.maxInFlight()));
        configurer.configure(template, connectionFactory);
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

    @Bean
    ConnectionNameStrategy connectionNameStrategy(@Value("${spring.application.name}") String name) {
        return factory -> name + "@" + System.getenv().getOrDefault("HOSTNAME", "localhost");
    }
}
