package com.example.fib.server;

import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.impl.ConnectionParams;
import com.rabbitmq.client.impl.FrameHandlerFactory;
import com.rabbitmq.client.impl.SocketFrameHandlerFactory;
import java.util.concurrent.ExecutorService;

/** The client's connection factory as it was configured, with a {@link FrameGuard} in front of each connection. */
final class GuardedConnectionFactory extends ConnectionFactory {

    private final ConnectionFactory configured;
    private final ExecutorService closing;

    GuardedConnectionFactory(ConnectionFactory configured, ExecutorService closing) {
        this.configured = configured;
        this.closing = closing;
        setAutomaticRecoveryEnabled(configured.isAutomaticRecoveryEnabled());
        setHost(configured.getHost());
        setPort(configured.getPort());
        setUsername(configured.getUsername());
        setVirtualHost(configured.getVirtualHost());
    }

    @Override
    public ConnectionParams params(ExecutorService consumerWorkServiceExecutor) {
        return configured.params(consumerWorkServiceExecutor);
    }

    @Override
    protected synchronized FrameHandlerFactory createFrameHandlerFactory() {
        SocketFrameHandlerFactory sockets = new SocketFrameHandlerFactory(
                configured.getConnectionTimeout(),
                configured.getSocketFactory(),
                configured.getSocketConfigurator(),
                configured.isSSL(),
                closing);
        return (address, connectionName) -> new FrameGuard(sockets.create(address, connectionName));
    }
}
