package com.example.fib.gateway.edge;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.catalina.connector.Connector;
import org.springframework.boot.tomcat.TomcatConnectorCustomizer;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Before the web server stops, asks callers to leave: for a second every response closes its connection. Then no connection is
 * taken any more, and those that were taken last have a moment to say what they want. Tomcat would cut off both: a request
 * that comes on a kept-alive connection once it stops, and one that it has not begun to read.
 */
@Component
final class ConnectionDrain implements SmartLifecycle, TomcatConnectorCustomizer {

    private static final long DRAIN_MS = 1_000;
    private static final long LAST_REQUESTS_MS = 250;

    private final List<DrainingProtocol> protocols = new CopyOnWriteArrayList<>();

    private volatile boolean draining;

    /** Whether callers are asked to leave. */
    boolean isDraining() {
        return draining;
    }

    @Override
    public void start() {
        draining = false;
    }

    @Override
    public void customize(Connector connector) {
        if (connector.getProtocolHandler() instanceof DrainingProtocol protocol) {
            protocols.add(protocol);
        }
    }

    @Override
    public void stop(Runnable callback) {
        stop();
        var unused = CompletableFuture.runAsync(this::stopListening, after(DRAIN_MS))
                .whenCompleteAsync((nothing, failure) -> callback.run(), after(LAST_REQUESTS_MS));
    }

    private static Executor after(long millis) {
        return CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS);
    }

    private void stopListening() {
        protocols.forEach(DrainingProtocol::stopListening);
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
