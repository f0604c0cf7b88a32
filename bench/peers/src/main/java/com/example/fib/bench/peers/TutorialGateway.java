package com.example.fib.bench.peers;

import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** The gateway as tutorials write it: Boot's template, Spring's own direct reply-to, every setting at its default. */
@SpringBootConfiguration
@EnableAutoConfiguration
@RestController
public class TutorialGateway {

    private final RabbitTemplate rabbit;

    TutorialGateway(RabbitTemplate rabbit) {
        this.rabbit = rabbit;
    }

    public static void main(String[] args) {
        SpringApplication.run(TutorialGateway.class, args);
    }

    @GetMapping("/fib/{n}")
    ResponseEntity<?> fibonacci(@PathVariable long n) {
        Object reply = rabbit.convertSendAndReceive(TutorialServer.QUEUE, Long.toString(n));
        return reply == null ? ResponseEntity.status(504).build() : ResponseEntity.ok(reply);
    }
}
