package com.example.fib.server;

import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.SslContextFactory;
import com.rabbitmq.client.impl.ConnectionParams;
import com.rabbitmq.client.impl.FrameHandlerFactory;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/** The client's connection factory as it was configured, with a {@link FrameGuard} in front of each connection. */
final class GuardedConnectionFactory extends ConnectionFactory {

    private final ConnectionFactory configured;

    /** @param tls what each new connection asks for its TLS; null where the configured factory knows, or there is none */
    GuardedConnectionFactory(ConnectionFactory configured, @Nullable SslContextFactory tls, ExecutorService closing) {
        this.configured = configured;
        setAutomaticRecoveryEnabled(configured.isAutomaticRecoveryEnabled());
        setHost(configured.getHost());
        setPort(configured.getPort());
        setUsername(configured.getUsername());
        setVirtualHost(configured.getVirtualHost());
        setConnectionTimeout(configured.getConnectionTimeout());
        setSocketConfigurator(configured.getSocketConfigurator());
        setShutdownExecutor(closing);
        if (tls == null) {
            setSocketFactory(configured.getSocketFactory());
        } else {
            setSslContextFactory(tls);
        }
    }

    @Override
    public ConnectionParams params(ExecutorService consumerWorkServiceExecutor) {
        return configured.params(consumerWorkServiceExecutor);
    }

    @Override
    protected synchronized FrameHandlerFactory createFrameHandlerFactory() throws IOException {
        FrameHandlerFactory sockets = super.createFrameHandlerFactory();
        return (address, connectionName) -> new FrameGuard(sockets.create(address, connectionName));
    }
}
