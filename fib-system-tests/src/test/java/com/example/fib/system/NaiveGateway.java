package com.example.fib.system;

import java.net.URI;
import org.springframework.amqp.AmqpException;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** The gateway as tutorials write it, with its failures mapped to problems: what the fault tests must tell from ours. */
@SpringBootConfiguration
@EnableAutoConfiguration
@RestController
public class NaiveGateway {

    private final RabbitTemplate rabbit;
    private final String queue;

    NaiveGateway(RabbitTemplate rabbit, @Value("${fib.queue.name:rpc_queue}") String queue) {
        this.rabbit = rabbit;
        this.queue = queue;
    }

    public static void main(String[] args) {
        new SpringApplicationBuilder(NaiveGateway.class)
                // The library is on these tests' class path.
                .properties("rabbit.rpc.client.enabled=false", "rabbit.rpc.server.enabled=false")
                .run(args);
    }

    @GetMapping("/fib/{n}")
    ResponseEntity<?> fibonacci(@PathVariable long n) {
        try {
            Object reply = rabbit.convertSendAndReceive(queue, Long.toString(n));
            return reply == null ? problem(HttpStatus.GATEWAY_TIMEOUT, "deadline-exceeded") : ResponseEntity.ok(reply);
        } catch (AmqpException ex) {
            return problem(HttpStatus.SERVICE_UNAVAILABLE, "broker-unavailable");
        }
    }

    private static ResponseEntity<ProblemDetail> problem(HttpStatus status, String type) {
        ProblemDetail problem = ProblemDetail.forStatus(status);
        problem.setType(URI.create(type));
        return ResponseEntity.of(problem).build();
    }
}
