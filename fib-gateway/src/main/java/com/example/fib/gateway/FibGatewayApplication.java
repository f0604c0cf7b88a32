package com.example.fib.gateway;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.Bean;
import org.springframework.web.servlet.function.RequestPredicates;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerResponse;

/** The way in: {@code GET /fib/{n}} becomes a request on {@code rpc_queue}, its reply becomes the response. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class FibGatewayApplication {

    public static void main(String[] args) {
        SpringApplication.run(FibGatewayApplication.class, args);
    }

    @Bean
    RouterFunction<ServerResponse> routes(FibonacciHandler fibonacci) {
        return RouterFunctions.route(RequestPredicates.path("/fib/{n}"), fibonacci);
    }
}
