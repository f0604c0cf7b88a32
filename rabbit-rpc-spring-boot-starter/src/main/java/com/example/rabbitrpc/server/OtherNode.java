package com.example.rabbitrpc.server;

import com.rabbitmq.client.Address;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to a node of the cluster that requests do not come from, to be asked what that one knows: a node that is cut off from the
 * others does not notice it, and says that no requests wait. For one thread.
 */
final class OtherNode implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(OtherNode.class);

    private static final Duration PAUSE = Duration.ofSeconds(5);
    private static final int CLOSE_MILLIS = 200;

    private final ConnectionFactory client;
    private final List<Address> nodes;
    private final RequestConnection requests;
    private final String name;

    private @Nullable Connection connection;
    private @Nullable InetSocketAddress asked;
    private long failedAt = System.nanoTime() - PAUSE.toNanos();

    /**
     * @param nodes two at least
     * @param name of the connection
     */
    OtherNode(ConnectionFactory client, List<Address> nodes, RequestConnection requests, String name) {
        this.client = client;
        this.nodes = nodes;
        this.requests = requests;
        this.name = name;
    }

    /** It, opened if need be; null where there is none. */
    @Nullable
    Connection current() {
        Connection ofRequests = requests.current();
        if (ofRequests == null) {
            return null;
        }
        Connection open = connection;
        if (open != null && open.isOpen() && !isSameNode(open, ofRequests)) {
            return open;
        }
        close();
        if (System.nanoTime() - failedAt < PAUSE.toNanos()) {
            return null;
        }
        try {
            // By a resolver: the client's order for lists is that of requests, which may have left a node for this one.
            connection = client.newConnection(null, () -> others(ofRequests), name);
            if (!isSameNode(connection, ofRequests)) {
                return connection;
            }
        } catch (IOException | RuntimeException | TimeoutException ex) {
            log.debug("No other node answers", ex);
        }
        failedAt = System.nanoTime();
        close();
        return null;
    }

    private List<Address> others(Connection ofRequests) {
        List<Address> order = new ArrayList<>(nodes);
        order.removeIf(address -> socket(address).equals(node(ofRequests)));
        Collections.shuffle(order); // a fleet is not to hang on one of them
        order.sort(Comparator.comparing(address -> socket(address).equals(asked)));
        return order;
    }

    private static InetSocketAddress socket(Address address) {
        return address.toInetSocketAddress(address.getPort());
    }

    /** The next one is a third node, if there is one: this one may itself be cut off, and say what was true before. */
    void change() {
        Connection open = connection;
        if (open != null) {
            asked = node(open);
        }
        close();
    }

    private static boolean isSameNode(Connection one, Connection other) {
        return node(one).equals(node(other));
    }

    static InetSocketAddress node(Connection connection) {
        return new InetSocketAddress(connection.getAddress(), connection.getPort());
    }

    @Override
    public void close() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            open.abort(CLOSE_MILLIS);
        }
    }
}
