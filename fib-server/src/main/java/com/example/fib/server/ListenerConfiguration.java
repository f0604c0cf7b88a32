package com.example.fib.server;

import java.util.concurrent.ThreadLocalRandom;
import org.springframework.amqp.rabbit.config.DirectRabbitListenerContainerFactory;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.amqp.rabbit.listener.DirectMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.adapter.MessagingMessageListenerAdapter;
import org.springframework.boot.amqp.autoconfigure.DirectRabbitListenerContainerFactoryConfigurer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** How requests are consumed; prefetch is Boot's {@code spring.rabbitmq.listener.direct.*}. */
@Configuration(proxyBeanMethods = false)
class ListenerConfiguration {

    /** How often lost consumers are noticed and waiting acknowledgements sent, in ms. */
    private static final long MONITOR_INTERVAL = 20;

    @Bean
    DirectRabbitListenerContainerFactory rabbitListenerContainerFactory(
            DirectRabbitListenerContainerFactoryConfigurer configurer,
            ConnectionFactory connectionFactory,
            Workers workers,
            Acknowledgements acknowledgements,
            RequestQueue queue,
            StallWatch stallWatch,
            NoConversion noConversion) {
        DirectRabbitListenerContainerFactory factory = new DirectRabbitListenerContainerFactory() {
            @Override
            protected DirectMessageListenerContainer createContainerInstance() {
                return new RpcListenerContainer(workers, acknowledgements, queue, stallWatch);
            }
        };
        configurer.configure(factory, connectionFactory);
        factory.setMonitorInterval(MONITOR_INTERVAL);
        // Spring waits for 5 s. Each process its own interval, so that a fleet does not reconnect in step.
        long retryInterval = ThreadLocalRandom.current().nextLong(300, 700);
        factory.setFailedDeclarationRetryInterval(retryInterval);
        factory.setRecoveryInterval(retryInterval);
        factory.setContainerCustomizer(container -> {
            container.setMessagePropertiesConverter(new RequestPropertiesConverter());
            container.setMicrometerEnabled(false); // ServerMetrics says more.
            container.setShutdownTimeout(2_000); // Nothing is computed any more then.
            // A refused login is tried again like a broker that is away; otherwise the check connects while starting.
            container.setPossibleAuthenticationFailureFatal(false);
            if (container.getMessageListener() instanceof MessagingMessageListenerAdapter adapter) {
                adapter.setHeaderMapper(noConversion);
            }
        });
        return factory;
    }
}
