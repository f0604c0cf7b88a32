package com.example.fib.gateway.edge;

import com.example.fib.gateway.FibGatewaySettings;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletPath;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.http.server.ServletServerHttpResponse;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.cors.DefaultCorsProcessor;
import org.springframework.web.filter.CorsFilter;

/** Scripts of other sites may call the API where {@code fib.cors.allowed-origins} names their origin: of none, by default. */
@Configuration(proxyBeanMethods = false)
class CrossOrigin {

    private static final String API = "/fib/*";

    @Bean
    FilterRegistrationBean<CorsFilter> cors(FibGatewaySettings settings, DispatcherServletPath servlet) {
        CorsConfiguration cors = new CorsConfiguration();
        cors.setAllowedOrigins(settings.cors().allowedOrigins());
        cors.setAllowedMethods(List.of("GET", "HEAD"));
        cors.setAllowedHeaders(List.of("Prefer", HttpHeaders.IF_NONE_MATCH, "traceparent", "tracestate"));
        cors.setExposedHeaders(List.of(
                HttpHeaders.ETAG,
                HttpHeaders.RETRY_AFTER,
                "Preference-Applied",
                "Server-Timing",
                "X-Correlation-Id",
                "X-Fib-Server"));
        cors.setMaxAge(Duration.ofHours(1));
        // By the registration's pattern alone: one of Spring's own is matched without the servlet's path.
        CorsFilter filter = new CorsFilter(request -> cors);
        filter.setCorsProcessor(new Problems());
        FilterRegistrationBean<CorsFilter> registration = new FilterRegistrationBean<>(filter);
        registration.addUrlPatterns(servlet.getRelativePath(API));
        registration.setEnabled(!settings.cors().allowedOrigins().isEmpty());
        return registration;
    }

    /** Refuses by a problem, as all else does. */
    private static final class Problems extends DefaultCorsProcessor {

        @Override
        protected void rejectRequest(ServerHttpResponse response) throws IOException {
            ((ServletServerHttpResponse) response).getServletResponse().sendError(HttpStatus.FORBIDDEN.value());
        }
    }
}
