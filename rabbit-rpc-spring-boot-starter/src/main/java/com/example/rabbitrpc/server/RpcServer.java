package com.example.rabbitrpc.server;

import com.example.rabbitrpc.server.oldbroker.TrialConnection;
import com.rabbitmq.client.Address;
import com.rabbitmq.client.Connection;
import java.util.List;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.beans.factory.DisposableBean;

/** What all listeners of an application share: their connection to the broker, and the way out for their replies. */
public final class RpcServer implements DisposableBean {

    private static final Logger log = LoggerFactory.getLogger(RpcServer.class);

    private final ConnectionFactory connectionFactory;
    private final RpcServerOptions options;
    private final ServerMetrics metrics;
    private final RequestTracing tracing;
    private final RequestConnection connection;
    private final @Nullable TrialConnection trial;
    private final ReplyPublisher replies;
    private final ExecutorService probing = Threads.fixed(1, "rpc-probing-");

    /**
     * @param client what makes the connections, where they are the library's own; null where they are the application's
     * @param nodes where the client finds the broker
     */
    public RpcServer(
            ConnectionFactory connectionFactory,
            @Nullable GuardedConnectionFactory client,
            List<Address> nodes,
            RpcServerOptions options,
            ServerMetrics metrics,
            RequestTracing tracing) {
        this.connectionFactory = connectionFactory;
        this.options = options;
        this.metrics = metrics;
        this.tracing = tracing;
        this.connection = new RequestConnection(client, Threads.cached("rpc-closing-"));
        this.trial = client == null ? null : new TrialConnection(client, nodes, "rpc-trial@" + options.instanceId());
        this.replies = new ReplyPublisher(trial, options.instanceId());
        connectionFactory.addConnectionListener(created -> log.info("Connected to the broker"));
        connectionFactory.addConnectionListener(connection);
        connectionFactory.addConnectionListener(replies);
    }

    ConnectionFactory connectionFactory() {
        return connectionFactory;
    }

    RpcServerOptions options() {
        return options;
    }

    ServerMetrics metrics() {
        return metrics;
    }

    RequestTracing tracing() {
        return tracing;
    }

    RequestConnection connection() {
        return connection;
    }

    ReplyPublisher replies() {
        return replies;
    }

    /** For questions to the broker, which may hang. */
    public ExecutorService probing() {
        return probing;
    }

    /** The connection that requests come by; null where there is none that is open. */
    public @Nullable Connection currentConnection() {
        return connection.current();
    }

    @Override
    public void destroy() {
        probing.shutdownNow();
        if (trial != null) {
            trial.close();
        }
    }
}
