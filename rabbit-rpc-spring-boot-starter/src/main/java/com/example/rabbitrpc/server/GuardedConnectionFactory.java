package com.example.rabbitrpc.server;

import com.rabbitmq.client.Address;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.SslContextFactory;
import com.rabbitmq.client.impl.ConnectionParams;
import com.rabbitmq.client.impl.FrameHandlerFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client's connection factory as it was configured, with a {@link FrameGuard} in front of each connection. One node can be
 * marked to be tried last.
 */
public final class GuardedConnectionFactory extends ConnectionFactory {

    private static final Logger log = LoggerFactory.getLogger(GuardedConnectionFactory.class);

    private final ConnectionFactory configured;
    private final int keptBytes;

    private final Set<FrameGuard> guards = Collections.newSetFromMap(new WeakHashMap<>());

    private volatile @Nullable InetSocketAddress last;

    /**
     * @param tls gives each new connection its TLS context; null if the configured factory has one, or without TLS
     * @param maxRequestBytes how many bytes a request's body may have; of a longer one a byte more is kept, to recognize it
     */
    public GuardedConnectionFactory(
            ConnectionFactory configured, @Nullable SslContextFactory tls, int maxRequestBytes) {
        this.configured = configured;
        this.keptBytes = maxRequestBytes + 1;
        setAutomaticRecoveryEnabled(configured.isAutomaticRecoveryEnabled());
        setHost(configured.getHost());
        setPort(configured.getPort());
        setUsername(configured.getUsername());
        setVirtualHost(configured.getVirtualHost());
        setConnectionTimeout(configured.getConnectionTimeout());
        setSocketConfigurator(configured.getSocketConfigurator());
        setShutdownExecutor(Threads.cached("amqp-close-")); // Without one it may wait for ever in a write.
        if (tls == null) {
            setSocketFactory(configured.getSocketFactory());
        } else {
            setSslContextFactory(tls);
        }
    }

    /** Where there are several nodes, the next connections go to this one last. */
    void tryLast(InetAddress address, int port) {
        last = new InetSocketAddress(address, port);
    }

    @Override
    public Connection newConnection(@Nullable ExecutorService executor, List<Address> addresses, String name)
            throws IOException, TimeoutException {
        InetSocketAddress avoided = last;
        List<Address> order = new ArrayList<>(addresses);
        if (avoided != null) {
            order.sort(Comparator.comparing(
                    address -> avoided.equals(address.toInetSocketAddress(portOrDefault(address.getPort(), isSSL())))));
        }
        return super.newConnection(executor == null ? null : ReadingThread.before(executor), order, name);
    }

    @Override
    public ConnectionParams params(ExecutorService consumerWorkServiceExecutor) {
        return configured.params(consumerWorkServiceExecutor);
    }

    @Override
    protected synchronized FrameHandlerFactory createFrameHandlerFactory() throws IOException {
        FrameHandlerFactory sockets = super.createFrameHandlerFactory();
        return (address, connectionName) -> {
            FrameGuard guard = new FrameGuard(sockets.create(address, connectionName), keptBytes);
            synchronized (guards) {
                guards.add(guard);
            }
            return guard;
        };
    }

    /** Ends connections whose thread does not come back to read. To be called often, by a thread of its own. */
    void endStuck() {
        List<FrameGuard> open;
        synchronized (guards) {
            open = List.copyOf(guards);
        }
        for (FrameGuard guard : open) {
            try {
                guard.reading().endIfStuck();
            } catch (Throwable ex) { // an Error, too: nobody else would end the next one
                log.error("Ending a connection that nobody reads from failed, and goes on", ex);
            }
        }
    }
}
