package com.example.fib.broker;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds and holds the one broker of {@link TestBroker#shared()}. */
final class SharedBroker {

    private static final System.Logger LOG = System.getLogger(SharedBroker.class.getName());

    private static @Nullable TestBroker broker;
    private static @Nullable String failure;

    private SharedBroker() {}

    /** The broker. Where none could be had, every test of the JVM fails at once, and not after the same waits again. */
    static synchronized TestBroker get() {
        if (failure != null) {
            throw new IllegalStateException(failure);
        }
        if (broker == null) {
            try {
                broker = find(choice(), System.getenv());
            } catch (IllegalStateException e) {
                failure = e.getMessage();
                throw e;
            }
            if (broker instanceof GivenBroker given) {
                Runtime.getRuntime().addShutdownHook(new Thread(given::deleteQueues, "end of the tests' queues"));
            }
            LOG.log(Level.INFO, "Tests use the broker at {0}:{1,number,#}", broker.host(), broker.port());
        }
        return broker;
    }

    private static String choice() {
        String fromEnvironment = System.getenv().getOrDefault("FIB_TEST_BROKER", "");
        return System.getProperty("fib.test.broker", fromEnvironment).toLowerCase(Locale.ROOT);
    }

    static TestBroker find(String choice, Map<String, String> environment) {
        List<String> reasons = new ArrayList<>();
        if (choice.isEmpty()) {
            TestBroker given = GivenBroker.from(environment);
            if (given != null) {
                return given;
            }
            if (!environment.getOrDefault("RABBITMQ_ROOT", "").isEmpty()) {
                return find("private", environment);
            }
        }
        if (!choice.equals("private")) {
            try {
                return container(choice, environment);
            } catch (IllegalStateException e) {
                reasons.add("Docker: " + e.getMessage());
            }
        }
        if (!choice.equals("docker")) {
            try {
                return endedWithTheJvm(PrivateBroker.start(1).get(0));
            } catch (IllegalStateException e) {
                reasons.add("bin/rabbitmq: " + e.getMessage());
            }
        }
        throw new IllegalStateException(
                "No RabbitMQ for the tests. Choose one: set RABBITMQ_URL (or SPRING_RABBITMQ_HOST) to one that runs, "
                        + "start Docker, or install rabbitmq-server. What was tried:\n"
                        + String.join("\n", reasons));
    }

    private static TestBroker container(String choice, Map<String, String> environment) {
        DockerEngine engine = DockerEngine.find(environment);
        if (engine != null) {
            ContainerBroker.images().forEach(engine::require);
        } else if (!choice.equals("docker")) { // asked for by name, Testcontainers may know of one that we do not
            throw new IllegalStateException("no engine on this machine");
        }
        ContainerBroker container = ContainerBroker.start();
        Runtime.getRuntime().addShutdownHook(new Thread(container::end, "end of the shared broker"));
        return container;
    }

    private static TestBroker endedWithTheJvm(PrivateBroker node) {
        Runtime.getRuntime().addShutdownHook(new Thread(node::end, "end of the shared broker"));
        return node.unbreakable();
    }
}
