package com.example.fib.broker;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.rabbitmq.RabbitMQContainer;
import org.testcontainers.utility.TestcontainersConfiguration;

/** A broker in a container of a Docker engine. */
final class ContainerBroker extends TestBroker {

    static final String IMAGE = "rabbitmq:4.3-management";
    // The one that Testcontainers 2.0.5 would pull by itself, with retries for two minutes where there is no registry.
    private static final String REAPER_IMAGE = "testcontainers/ryuk:0.14.0";
    private static final Duration START_BOUND = Duration.ofMinutes(2);

    private final RabbitMQContainer container;

    private ContainerBroker(RabbitMQContainer container) {
        super("amqp://%s:%s@%s:%d"
                .formatted(
                        container.getAdminUsername(),
                        container.getAdminPassword(),
                        container.getHost(),
                        container.getAmqpPort()));
        this.container = container;
    }

    /** What an engine must hold, or be able to pull, before Testcontainers may touch it. */
    static List<String> images() {
        String disabled = TestcontainersConfiguration.getInstance().getEnvVarOrProperty("ryuk.disabled", "false");
        return Boolean.parseBoolean(disabled) ? List.of(IMAGE) : List.of(IMAGE, REAPER_IMAGE);
    }

    /**
     * Starts the container, for 120 s at most. Only for an engine that is known to answer and to hold the image:
     * Testcontainers itself pulls images of its own as it probes an engine, and does not give up for minutes.
     */
    static ContainerBroker start() {
        return Bounded.call("starting " + IMAGE, START_BOUND, () -> {
            RabbitMQContainer container = new RabbitMQContainer(IMAGE).withStartupTimeout(START_BOUND);
            container.start();
            return new ContainerBroker(container);
        });
    }

    @Override
    public String ctl(String... arguments) {
        List<String> command = new ArrayList<>(List.of("rabbitmqctl", "-s"));
        command.addAll(List.of(arguments));
        return Bounded.call("rabbitmqctl", Duration.ofMinutes(1), () -> run(command));
    }

    private String run(List<String> command) throws IOException, InterruptedException {
        ExecResult result = container.execInContainer(command.toArray(String[]::new));
        if (result.getExitCode() != 0) {
            throw new IllegalStateException(command + " failed: " + result.getStdout() + result.getStderr());
        }
        return result.getStdout().strip();
    }

    /** Shared by everyone in this JVM: ended by its shutdown hook only. */
    @Override
    public void close() {}

    void end() {
        container.stop();
    }
}
