package com.example.fib.server;

import com.example.rabbitrpc.ShortRequests;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.core.QueueBuilder;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.Bean;

/** The worker: answers the requests on the queue with Fibonacci numbers. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class FibServerApplication {

    public static void main(String[] args) {
        SpringApplication.run(FibServerApplication.class, args);
    }

    /** Three digits: up to fib(999), which takes a few microseconds. */
    @Bean
    ShortRequests shortRequests() {
        return request -> request.getBody().length <= 3;
    }

    /** A classic queue has no arguments, as every tutorial's programs declare it. */
    @Bean
    Queue requests(FibSettings settings) {
        FibSettings.Queue queue = settings.queue();
        QueueBuilder builder =
                queue.durable() ? QueueBuilder.durable(queue.name()) : QueueBuilder.nonDurable(queue.name());
        return queue.type() == FibSettings.Type.QUORUM ? builder.quorum().build() : builder.build();
    }
}
