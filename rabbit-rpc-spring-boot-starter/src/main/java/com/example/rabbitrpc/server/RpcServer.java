package com.example.rabbitrpc.server;

import com.example.rabbitrpc.ShortRequests;
import com.example.rabbitrpc.server.oldbroker.ReplyTrials;
import com.rabbitmq.client.Address;
import com.rabbitmq.client.Connection;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.beans.factory.DisposableBean;

/** What all listeners of an application share: their connection to the broker, and what sends their replies. */
public final class RpcServer implements DisposableBean {

    private static final Logger log = LoggerFactory.getLogger(RpcServer.class);

    private final ConnectionFactory connectionFactory;
    private final RpcServerOptions options;
    private final ServerMetrics metrics;
    private final RequestTracing tracing;
    private final RequestConnection connection;
    private final ProbeChannel probe;
    private final @Nullable OtherNode otherNode;
    private final ProbeChannel elsewhere;
    private final @Nullable ReplyTrials trials;
    private final ReplyPublisher replies;
    private final ReplyRight replyRight;
    private final ShortRequests shortRequests;
    private final ExecutorService probing = Threads.fixed(1, "rpc-probing-");
    /** Its own, as another node may be down, and take its time. */
    private final ExecutorService probingElsewhere = Threads.fixed(1, "rpc-other-node-");

    private final ScheduledExecutorService readingWatch =
            Executors.newSingleThreadScheduledExecutor(Threads.daemons("rpc-reading-watch-"));

    /**
     * @param client what makes the connections, if they are the library's own; null if they are the application's
     * @param nodes where the client finds the broker
     */
    public RpcServer(
            ConnectionFactory connectionFactory,
            @Nullable GuardedConnectionFactory client,
            List<Address> nodes,
            RpcServerOptions options,
            ServerMetrics metrics,
            RequestTracing tracing,
            ShortRequests shortRequests) {
        this.connectionFactory = connectionFactory;
        this.options = options;
        this.metrics = metrics;
        this.tracing = tracing;
        this.shortRequests = shortRequests;
        this.connection = new RequestConnection(client, Threads.cached("rpc-closing-"));
        this.probe = new ProbeChannel(connection::current);
        this.otherNode = client == null || nodes.size() < 2
                ? null
                : new OtherNode(client, nodes, connection, "rpc-other-node@" + options.instanceId());
        this.elsewhere = new ProbeChannel(() -> otherNode == null ? null : otherNode.current());
        this.replyRight = new ReplyRight(connection, probing);
        this.trials = client == null
                ? null
                : new ReplyTrials(client, () -> nodes(nodes), "rpc-trial@" + options.instanceId());
        this.replies = new ReplyPublisher(trials, options.instanceId());
        connectionFactory.addConnectionListener(created -> log.info("Connected to the broker"));
        connectionFactory.addConnectionListener(connection);
        connectionFactory.addConnectionListener(replies);
        connectionFactory.addConnectionListener(replyRight);
        if (client != null) {
            AtomicBoolean watched = new AtomicBoolean(); // from the first connection on: an application may only call
            connectionFactory.addConnectionListener(created -> {
                if (watched.compareAndSet(false, true)) {
                    var unused = readingWatch.scheduleWithFixedDelay(client::endStuck, 1, 1, TimeUnit.SECONDS);
                }
            });
        }
    }

    /** First the one that requests come from: it is known to answer. */
    private List<Address> nodes(List<Address> all) {
        Connection current = connection.current();
        if (current == null) {
            return all;
        }
        InetSocketAddress known = OtherNode.node(current);
        List<Address> order = new ArrayList<>(all);
        order.sort(Comparator.comparing(address -> !known.equals(address.toInetSocketAddress(address.getPort()))));
        return order;
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

    boolean isShort(Message request) {
        try {
            return shortRequests.isShort(request);
        } catch (RuntimeException ex) {
            log.error("ShortRequests failed; the request goes to a worker", ex);
            return false;
        }
    }

    ReplyPublisher replies() {
        return replies;
    }

    ReplyRight replyRight() {
        return replyRight;
    }

    /** Whether the broker refuses this server's replies. */
    public boolean isReplyRefused() {
        return replyRight.isRefused();
    }

    /** A thread for questions to the broker, which may hang. */
    public ExecutorService probing() {
        return probing;
    }

    /** For questions about queues, on {@link #probing()}. */
    public ProbeChannel probe() {
        return probe;
    }

    /** How many messages are ready, by a question to the node that requests come from; where that says none, to another one. */
    CompletableFuture<StallWatch.Waiting> waiting(ToIntFunction<ProbeChannel> question) {
        CompletableFuture<Integer> here = CompletableFuture.supplyAsync(() -> question.applyAsInt(probe), probing);
        OtherNode other = otherNode;
        return here.thenCompose(waiting -> other == null || waiting > 0
                ? CompletableFuture.completedFuture(new StallWatch.Waiting(waiting, 0))
                : CompletableFuture.supplyAsync(
                        () -> new StallWatch.Waiting(0, waiting(other, question)), probingElsewhere));
    }

    private int waiting(OtherNode other, ToIntFunction<ProbeChannel> question) {
        int waiting = question.applyAsInt(elsewhere);
        if (waiting > 0) {
            other.change();
        }
        return waiting;
    }

    /** The connection that requests come by; null where there is none that is open. */
    public @Nullable Connection currentConnection() {
        return connection.current();
    }

    @Override
    public void destroy() {
        readingWatch.shutdownNow();
        probing.shutdownNow();
        OtherNode other = otherNode;
        if (other != null) {
            probingElsewhere.execute(other::close);
        }
        probingElsewhere.shutdown();
        if (trials != null) {
            trials.close();
        }
    }
}
