package com.example.fib.gateway;

import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.propagation.Propagator;
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
import org.springframework.core.task.SyncTaskExecutor;
import org.springframework.core.task.support.ExecutorServiceAdapter;

/** The template, set up by Boot as its own would be, and what {@code spring.rabbitmq.*} has no setting for. */
@Configuration(proxyBeanMethods = false)
class RabbitConfiguration {

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

    @Bean
    ConnectionNameStrategy connectionNameStrategy(@Value("${spring.application.name}") String name) {
        return factory -> name + "@" + System.getenv().getOrDefault("HOSTNAME", "localhost");
    }
}
