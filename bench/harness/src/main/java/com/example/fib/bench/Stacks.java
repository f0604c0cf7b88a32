package com.example.fib.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The stacks that are compared, and how each is started. */
final class Stacks {

    /** In the order of the report and of the turns. */
    static final List<String> ALL = List.of("ours", "jar", "tutorial", "raw", "node");
    /** Those that the goals are about. */
    static final List<String> NEEDED = List.of("ours", "jar", "tutorial", "raw");

    private static final Path PEERS = Bench.ROOT.resolve("bench/peers");
    private static final Map<String, String> UNTRACED = Map.of("MANAGEMENT_TRACING_SAMPLING_PROBABILITY", "0");
    /** As many calls in flight as there are callers, or 1024 of them would measure refusals. */
    private static final Map<String, String> MANY = Map.of("FIB_MAX_IN_FLIGHT", "1024");

    private final Run run;

    Stacks(Run run) {
        this.run = run;
    }

    /** Whether it is our pair, which also gets the load that has no counterpart. */
    static boolean isOurs(String stack) {
        return stack.equals("ours") || stack.equals("jar");
    }

    Pair start(String stack) {
        Jdk jdk = run.jdk();
        return switch (stack) {
            case "ours" -> ours(stack, run.images().get(0), run.images().get(1));
            case "jar" ->
                ours(
                        stack,
                        Starter.jar(jdk, Starter.service("fib-server")),
                        Starter.jar(jdk, Starter.service("fib-gateway")));
            case "tutorial" ->
                peer(
                        stack,
                        Starter.jar(jdk, Starter.tutorial("peers", "server")),
                        Starter.jar(jdk, Starter.tutorial("peers", "gateway")));
            case "raw" -> peer(stack, raw("RawServer"), raw("RawGateway"));
            default -> peer(stack, node("server.js"), node("gateway.js"));
        };
    }

    private Pair ours(String stack, Starter server, Starter gateway) {
        return peer(stack, server.with(UNTRACED), gateway.with(UNTRACED).with(MANY));
    }

    private Pair peer(String stack, Starter server, Starter gateway) {
        return Pair.start(stack, run.broker(), server, 1, gateway);
    }

    private Starter raw(String program) {
        String classpath = PEERS.resolve("target/classes") + ":" + PEERS.resolve("target/lib") + "/*";
        return Starter.of(run.jdk().java(), "-cp", classpath, "com.example.fib.bench.peers." + program);
    }

    private static Starter node(String script) {
        return Starter.of("node", PEERS.resolve(script).toString());
    }
}
