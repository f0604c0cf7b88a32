package com.example.rabbitrpc.server;

import com.rabbitmq.client.Connection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.rabbit.connection.ConnectionListener;

/** The connection that requests come by, to be given up where it is open and no good. The container then opens another. */
final class RequestConnection implements ConnectionListener {

    /** How long it may take to close in good order, and in all. */
    private static final int CLOSE_MILLIS = 200;

    private static final int CLOSED_MILLIS = 2_000;

    private final @Nullable GuardedConnectionFactory client;
    private final ExecutorService closing;

    private volatile @Nullable Connection connection;

    /** @param client where it is known which one the connections are made by */
    RequestConnection(@Nullable GuardedConnectionFactory client, ExecutorService closing) {
        this.client = client;
        this.closing = closing;
    }

    @Override
    public void onCreate(org.springframework.amqp.rabbit.connection.@Nullable Connection created) {
        connection = created == null ? null : created.getDelegate();
    }

    /** It, null where there is none that is open. */
    @Nullable
    Connection current() {
        Connection current = connection;
        return current == null || !current.isOpen() ? null : current;
    }

    /** Returns when it is closed, as the next try would still use it otherwise; or sooner, where even that hangs. */
    void giveUp(Connection faulty) {
        CompletableFuture.runAsync(() -> faulty.abort(CLOSE_MILLIS), closing)
                .completeOnTimeout(null, CLOSED_MILLIS, TimeUnit.MILLISECONDS)
                .join();
    }

    /** The same, and where there are several nodes, its own is tried last from now on. */
    void giveUpNode(Connection faulty) {
        if (client != null) {
            client.tryLast(faulty.getAddress(), faulty.getPort());
        }
        giveUp(faulty);
    }
}
