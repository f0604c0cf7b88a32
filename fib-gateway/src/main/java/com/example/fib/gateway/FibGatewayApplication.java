package com.example.fib.gateway;

import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.micrometer.tracing.autoconfigure.TracingProperties;
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

    /** Boot's, but that no trace begins here where nobody takes its spans. A caller's own choice is kept. */
    @Bean
    Sampler sampler(TracingProperties tracing, ObjectProvider<SpanExporter> exporters) {
        boolean isTaken = exporters.stream().findAny().isPresent();
        return Sampler.parentBased(
                isTaken ? Sampler.traceIdRatioBased(tracing.getSampling().getProbability()) : Sampler.alwaysOff());
    }
}
