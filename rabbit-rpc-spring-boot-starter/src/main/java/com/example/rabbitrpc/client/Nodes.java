package com.example.rabbitrpc.client;

import com.rabbitmq.client.Address;
import com.rabbitmq.client.AddressResolver;
import com.rabbitmq.client.Connection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.rabbit.connection.AbstractConnectionFactory;
import org.springframework.amqp.rabbit.connection.AbstractConnectionFactory.AddressShuffleMode;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;

/**
 * The nodes of a cluster, and in which order connections try them: calls go last to a node that they have left, and the watch over
 * queues asks the node that calls go to, as another one may know of consumers that this one does not reach.
 */
public final class Nodes {

    private final CachingConnectionFactory connections;
    private final List<Address> addresses;
    private final AddressShuffleMode mode;
    private volatile @Nullable InetSocketAddress current;
    private volatile @Nullable InetSocketAddress left;

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
        connections.setAddressResolver(new Order(() -> ordered(node -> node.equals(current) ? 0 : 1)));
        if (connections.getPublisherConnectionFactory() instanceof AbstractConnectionFactory publishers) {
            publishers.setAddressResolver(new Order(() -> ordered(node -> node.equals(left) ? 1 : 0)));
        }
    }

    /** The client shuffles what a resolver gives, unless that says no. */
    private record Order(Supplier<List<Address>> nodes) implements AddressResolver {

        @Override
        public List<Address> getAddresses() {
            return nodes.get();
        }

        @Override
        public List<Address> maybeShuffle(List<Address> ordered) {
            return ordered;
        }
    }

    private synchronized List<Address> ordered(Function<InetSocketAddress, Integer> rank) {
        List<Address> order = new ArrayList<>(addresses);
        if (mode == AddressShuffleMode.RANDOM) {
            Collections.shuffle(order);
        } else if (mode == AddressShuffleMode.INORDER) {
            Collections.rotate(addresses, -1);
        }
        order.sort(Comparator.comparing(address -> rank.apply(address.toInetSocketAddress(address.getPort()))));
        return order;
    }

    /** Calls go by that connection now. */
    void use(Connection connection) {
        current = new InetSocketAddress(connection.getAddress(), connection.getPort());
    }

    /** The node that calls go to; null before the first connection. */
    @Nullable
    InetSocketAddress current() {
        return current;
    }

    /** The next connections of calls try the current one last. */
    void leaveCurrent() {
        left = current;
    }

    /** A connection to another node than that of the calls, if one can be reached. */
    Connection elsewhere() throws IOException, TimeoutException {
        List<Address> others = ordered(node -> node.equals(current) ? 2 : node.equals(left) ? 1 : 0);
        return connections.getRabbitConnectionFactory().newConnection(others, "rpc-other-node");
    }
}
