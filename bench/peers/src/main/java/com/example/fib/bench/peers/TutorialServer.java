package com.example.fib.bench.peers;

import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.annotation.Bean;

/** The server as tutorials write it: a listener that returns its answer, every setting at its default. */
@SpringBootConfiguration
@EnableAutoConfiguration
public class TutorialServer {

    static final String QUEUE = "bench_tutorial";

    public static void main(String[] args) {
        new SpringApplicationBuilder(TutorialServer.class)
                .web(WebApplicationType.NONE)
                .run(args);
    }

    @Bean
    Queue queue() {
        return new Queue(QUEUE);
    }

    @RabbitListener(queues = QUEUE)
    String fibonacci(String n) {
        return Fibonacci.of(Integer.parseInt(n)).toString();
    }
}
