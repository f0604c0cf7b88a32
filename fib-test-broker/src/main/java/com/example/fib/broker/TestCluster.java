package com.example.fib.broker;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A RabbitMQ cluster on this machine, by {@code bin/rabbitmq}; its nodes can be killed, frozen and restarted one by one. */
public final class TestCluster implements AutoCloseable {

    private final List<PrivateBroker> nodes;

    private TestCluster(List<PrivateBroker> nodes) {
        this.nodes = nodes;
    }

    /**
     * Starts a cluster of three, in 10 to 25 s. All nodes answer, and know each other, when this returns.
     *
     * @param settings lines of every node's {@code rabbitmq.conf}
     * @throws IllegalStateException if it does not start; the message holds the output
     */
    public static TestCluster start(String... settings) {
        return new TestCluster(PrivateBroker.start(3, settings));
    }

    /** Its nodes. {@code rabbitmqctl} knows the first as {@code rabbit1@localhost}, and so on. */
    public List<TestBroker> nodes() {
        return List.copyOf(nodes);
    }

    /** Node 1, 2 or 3. */
    public TestBroker node(int number) {
        return nodes.get(number - 1);
    }

    /** The node that a name of RabbitMQ's, such as {@code rabbit2@localhost}, stands for: a queue's leader, say. */
    public TestBroker node(String name) {
        return node(Integer.parseInt(name.replaceAll("^rabbit|@.*$", "")));
    }

    /** Like {@link TestBroker#properties()}, with the addresses of all nodes. */
    public Map<String, String> properties() {
        Map<String, String> properties = new LinkedHashMap<>(node(1).properties());
        properties.put(
                "spring.rabbitmq.addresses",
                nodes.stream().map(node -> node.host() + ":" + node.port()).collect(Collectors.joining(",")));
        return properties;
    }

    /** Ends all nodes and removes what they wrote. */
    @Override
    public void close() {
        nodes.get(0).end();
    }
}
