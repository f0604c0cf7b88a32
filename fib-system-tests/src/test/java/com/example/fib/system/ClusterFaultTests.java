package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.TestBroker;
import com.example.fib.broker.TestCluster;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A cluster of three with a quorum queue loses one node under load, in every way that it can. */
@Tag("faults")
class ClusterFaultTests {

    private static final Pattern NODE = Pattern.compile("rabbit[123]@localhost");
    /** Entries of the queue's log: a tenth of a second under this load. */
    private static final long CAUGHT_UP = 200;

    private static final TestCluster cluster = TestCluster.start();
    private static final Site site = new Site(properties());
    private static ServiceProcess gateway = startAll();

    private static Map<String, String> properties() {
        Map<String, String> properties = new LinkedHashMap<>(cluster.properties());
        properties.put("fib.queue.type", "quorum");
        return properties;
    }

    private static ServiceProcess startAll() {
        site.servers(2);
        return site.gateway();
    }

    /** A second fault before the last one has healed would be another promise. */
    @BeforeEach
    void awaitAllMembers() {
        Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(
                        cluster.node(1).ctl("list_queues", "online", "--no-table-headers"))
                .contains("rabbit1@", "rabbit2@", "rabbit3@"));
    }

    @AfterEach
    void nextGateway() {
        gateway = site.next(gateway);
    }

    @AfterAll
    static void close() {
        site.close();
        cluster.close();
    }

    @Test
    void answersNearlyAllWhenTheGatewaysNodeIsKilled() {
        requireNearlyAll(Fault.run("cluster: the gateway's node killed", gateway, () -> {
            TestBroker node = gatewaysNode();
            node.kill();
            Fault.lastFor(4);
            node.restart();
        }));
    }

    @Test
    void answersNearlyAllWhenTheQueuesLeaderIsKilled() {
        requireNearlyAll(Fault.run("cluster: the queue's leader killed", gateway, () -> {
            TestBroker node = leader();
            node.kill();
            Fault.lastFor(4);
            node.restart();
        }));
    }

    @Test
    void answersNearlyAllWhenANodeIsFrozen() {
        requireNearlyAll(Fault.run("cluster: one node frozen", gateway, () -> {
            TestBroker node = follower();
            node.freeze();
            Fault.lastFor(6);
            node.resume();
        }));
    }

    @Test
    void answersNearlyAllWhenTheGatewaysNodeIsCutOffFromTheOthers() {
        requireNearlyAll(Fault.run("cluster: the gateway's node cut off from the others", gateway, () -> {
            TestBroker node = gatewaysNode();
            // Nodes need each other's cookie. The same one on both sides would only make them blink: they connect
            // again at once, and pause_minority pauses nobody.
            node.ctl(
                    "eval",
                    "Me = node(), Others = nodes(),"
                            + " [rpc:call(Other, erlang, set_cookie, [Me, theirs]) || Other <- Others],"
                            + " [erlang:set_cookie(Other, mine) || Other <- Others],"
                            + " [erlang:disconnect_node(Other) || Other <- Others].");
            Fault.lastFor(6);
            for (TestBroker each : cluster.nodes()) {
                each.ctl(
                        "eval",
                        "[erlang:set_cookie(Node, erlang:get_cookie())"
                                + " || Node <- [rabbit1@localhost, rabbit2@localhost, rabbit3@localhost]].");
            }
        }));
    }

    @Test
    void answersNearlyAllWhileAllNodesRestartOneAfterAnother() {
        requireNearlyAll(Fault.run("cluster: rolling restart of all three nodes", gateway, () -> {
            for (TestBroker node : cluster.nodes()) {
                node.restart();
                awaitCaughtUp();
            }
        }));
    }

    /** docs/operations.md says why: a member that lags behind is none that the next leader can count on. */
    private static void awaitCaughtUp() {
        Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            String committed = cluster.node(1)
                    .ctl(
                            "eval",
                            "[integer_to_list(proplists:get_value(<<\"Commit Index\">>, Member))"
                                    + " || Member <- rabbit_quorum_queue:status(<<\"/\">>, <<\"rpc_queue\">>)].");
            long[] indexes = Pattern.compile("\\d+")
                    .matcher(committed)
                    .results()
                    .mapToLong(index -> Long.parseLong(index.group()))
                    .sorted()
                    .toArray();
            assertThat(indexes).as(committed).hasSize(3);
            assertThat(indexes[2] - indexes[0]).as(committed).isLessThan(CAUGHT_UP);
        });
    }

    /** On a busy machine a quorum queue may look for its next leader for 5 s and more, and nobody consumes until then. */
    private static void requireNearlyAll(Figures figures) {
        Fault.requirePromise(figures);
        assertThat(figures.right()).as(figures.row()).isGreaterThan(Fault.STRICT ? 99.0 : 80.0);
    }

    /** The node that the gateway's connections are on; the naive one's have Spring's name. */
    private static TestBroker gatewaysNode() {
        String name = Site.NAIVE ? "rabbitConnectionFactory" : "fib-gateway";
        String connections = cluster.node(1).ctl("list_connections", "pid", "client_properties", "--no-table-headers");
        return connections
                .lines()
                .filter(line -> line.contains(name))
                .map(ClusterFaultTests::nodeOfPid)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(connections));
    }

    private static TestBroker nodeOfPid(String line) {
        return node(line.replaceFirst("^<(rabbit[123]@localhost)\\..*", "$1"));
    }

    private static TestBroker leader() {
        return node(cluster.node(1).ctl("list_queues", "leader", "--no-table-headers"));
    }

    /** A node that neither leads the queue nor carries the gateway's connections. */
    private static TestBroker follower() {
        TestBroker leader = leader();
        TestBroker gateways = gatewaysNode();
        return cluster.nodes().stream()
                .filter(node -> node.port() != leader.port() && node.port() != gateways.port())
                .findFirst()
                .orElseThrow();
    }

    private static TestBroker node(String text) {
        Matcher name = NODE.matcher(text);
        if (!name.find()) {
            throw new IllegalStateException("no node in " + text);
        }
        return cluster.node(name.group());
    }
}
