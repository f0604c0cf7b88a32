package com.example.fib.server;

import java.time.Clock;
import java.util.function.IntFunction;
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

    /** What this server computes: the body of a reply, from the number in its request. */
    @Bean
    IntFunction<String> function() {
        return Fibonacci::digits;
    }

    @Bean
    Clock clock() {
        return Clock.systemUTC();
    }
}
