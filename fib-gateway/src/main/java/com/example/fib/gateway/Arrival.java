package com.example.fib.gateway;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import java.io.IOException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/** When a request arrived. A first call loads classes before it reaches its controller: that is part of its deadline, too. */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
final class Arrival implements Filter {

    private static final String ATTRIBUTE = Arrival.class.getName();

    /** By {@link System#nanoTime()}. */
    static long nanosOf(ServletRequest request) {
        return request.getAttribute(ATTRIBUTE) instanceof Long nanos ? nanos : System.nanoTime();
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        request.setAttribute(ATTRIBUTE, System.nanoTime());
        chain.doFilter(request, response);
    }
}
