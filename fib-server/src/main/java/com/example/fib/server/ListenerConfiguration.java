package com.example.fib.server;

import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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

    private static final Logger log = LoggerFactory.getLogger(ListenerConfiguration.class);

    /** Spring's own exit status. */
    private static final int CANNOT_TAKE_A_REQUEST = 99;

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
            container.setJavaLangErrorHandler(ListenerConfiguration::end);
            // A refused login is tried again like a broker that is away; otherwise the check connects while starting.
            container.setPossibleAuthenticationFailureFatal(false);
            if (container.getMessageListener() instanceof MessagingMessageListenerAdapter adapter) {
                adapter.setHeaderMapper(noConversion);
            }
        });
        return factory;
    }

    /** Spring ends the process, too, but the container's own line of it is off: its logger repeats each failed try to connect. */
    private static void end(Error error) {
        if (!(error instanceof StackOverflowError)) {
            log.error("This server cannot take a request and ends; the broker delivers it to another one", error);
            System.exit(CANNOT_TAKE_A_REQUEST);
        }
    }
}
