package com.example.fib.gateway;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.springframework.context.SmartLifecycle;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Before the web server stops, asks callers to leave: for a second every response closes its connection. Tomcat would cut off
 * a request that comes on a kept-alive connection after it has stopped taking new ones.
 */
@Component
final class ConnectionDrain extends OncePerRequestFilter implements SmartLifecycle {

    private static final long DRAIN_MS = 1_000;

    private volatile boolean draining;

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        if (draining) {
            response.setHeader(HttpHeaders.CONNECTION, "close");
        }
        chain.doFilter(request, response);
    }

    @Override
    public void start() {
        draining = false;
    }

    @Override
    public void stop(Runnable callback) {
        stop();
        CompletableFuture.delayedExecutor(DRAIN_MS, TimeUnit.MILLISECONDS).execute(callback);
    }

    @Override
    public void stop() {
        draining = true;
    }

    @Override
    public boolean isRunning() {
        return !draining;
    }

    /** Stopped before the web server's graceful shutdown, which is a lower phase. */
    @Override
    public int getPhase() {
        return SmartLifecycle.DEFAULT_PHASE;
    }
}
