package com.example.rabbitrpc.client;

import com.rabbitmq.client.Address;
import com.rabbitmq.client.AddressResolver;
import com.rabbitmq.client.Connection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.rabbit.connection.AbstractConnectionFactory;
import org.springframework.amqp.rabbit.connection.AbstractConnectionFactory.AddressShuffleMode;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;

/**
 * The nodes of a cluster, and in which order connections try them: calls go last to nodes that they have left, and the watch over
 * queues first to the node of the calls, as another one may know of consumers that this one does not reach.
 */
public final class Nodes {

    private static final int ABORT_MS = 1_000;

    private final CachingConnectionFactory connections;
    private final List<Address> addresses;
    private final AddressShuffleMode mode;
    private volatile @Nullable InetSocketAddress current;

    /** Those that calls have left, the last one at the end. */
    private final List<InetSocketAddress> left = new ArrayList<>();

    private @Nullable InetSocketAddress next;

    /** By {@link #elsewhere()}, on its one thread. */
    private @Nullable InetSocketAddress asked;

    /**
     * Has the connections of that factory, and those that it publishes by, go to these nodes.
     *
     * @param addresses two at least
     * @param mode of the calls' connections, as Spring means it
     */
    public Nodes(CachingConnectionFactory connections, List<Address> addresses, AddressShuffleMode mode) {
        this.connections = connections;
        this.addresses = new ArrayList<>(addresses);
        this.mode = mode;
        connections.setAddressResolver(new Order(this::forTheWatch));
        if (connections.getPublisherConnectionFactory() instanceof AbstractConnectionFactory publishers) {
            publishers.setAddressResolver(new Order(this::forCalls));
        }
    }

    private record Order(Supplier<List<Address>> nodes) implements AddressResolver {

        @Override
        public List<Address> getAddresses() {
            return nodes.get();
        }

        /** For Spring's line in the log: asking would change the order. */
        @Override
        public String toString() {
            return "the nodes of spring.rabbitmq.addresses";
        }
    }

    private List<Address> forCalls() {
        List<Address> order;
        List<InetSocketAddress> last;
        InetSocketAddress first;
        synchronized (this) {
            order = new ArrayList<>(addresses);
            if (mode == AddressShuffleMode.RANDOM) {
                Collections.shuffle(order);
            } else if (mode == AddressShuffleMode.INORDER) {
                Collections.rotate(addresses, -1);
            }
            last = List.copyOf(left);
            first = next;
        }
        if (first == null && last.isEmpty()) { // no reason to look names up
            return order;
        }
        return sorted(order, node -> node.equals(first) ? -1 : last.indexOf(node) + 1);
    }

    private List<Address> forTheWatch() {
        return sorted(copy(), node -> node.equals(current) ? 0 : 1);
    }

    private synchronized List<Address> copy() {
        return new ArrayList<>(addresses);
    }

    private static List<Address> sorted(List<Address> nodes, Function<InetSocketAddress, Integer> rank) {
        Map<Address, Integer> ranks = new HashMap<>();
        nodes.forEach(node -> ranks.put(node, rank.apply(socket(node))));
        nodes.sort(Comparator.comparing(ranks::get));
        return nodes;
    }

    static InetSocketAddress node(Connection connection) {
        return new InetSocketAddress(connection.getAddress(), connection.getPort());
    }

    /** Calls go by that connection now. */
    synchronized void use(Connection connection) {
        current = node(connection);
        next = null;
    }

    /** The node that calls go to; null before the first connection. */
    @Nullable
    InetSocketAddress current() {
        return current;
    }

    /** The next connection of calls tries that other node first, and all of them try this one last. */
    synchronized void leave(InetSocketAddress from, InetSocketAddress to) {
        left.remove(from);
        left.remove(to);
        left.add(from);
        next = to;
    }

    /** A connection to another node than that of the calls: where there is a third one, each time to another. */
    Connection elsewhere() throws IOException, TimeoutException {
        List<Address> order = copy();
        Collections.shuffle(order);
        List<InetSocketAddress> last = left();
        order.removeIf(node -> socket(node).equals(current));
        sorted(order, node -> node.equals(asked) ? Integer.MAX_VALUE : last.indexOf(node) + 1);
        // By a resolver: the client takes a list of one for a name to look up.
        Connection opened =
                connections.getRabbitConnectionFactory().newConnection(null, new Order(() -> order), "rpc-other-node");
        if (node(opened).equals(current)) {
            opened.abort(ABORT_MS);
            throw new IOException("No other node can be reached");
        }
        asked = node(opened);
        return opened;
    }

    private synchronized List<InetSocketAddress> left() {
        return List.copyOf(left);
    }

    private static InetSocketAddress socket(Address node) {
        return node.toInetSocketAddress(node.getPort());
    }
}
