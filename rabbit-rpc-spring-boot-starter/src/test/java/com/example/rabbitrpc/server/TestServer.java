package com.example.rabbitrpc.server;

import com.example.fib.broker.TestBroker;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.springframework.amqp.rabbit.listener.AsyncConsumerStartedEvent;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;

/** The application as it runs, on a queue of its own. */
final class TestServer implements AutoCloseable {

    private final ConfigurableApplicationContext context;
    private final AtomicInteger consumersStarted;
    private final String queue;

    private TestServer(ConfigurableApplicationContext context, AtomicInteger consumersStarted, String queue) {
        this.context = context;
        this.consumersStarted = consumersStarted;
        this.queue = queue;
    }

    static TestServer start(TestBroker broker, String... settings) {
        return startOn(broker, broker.newQueue(), settings);
    }

    static TestServer startOn(TestBroker broker, String queue, String... settings) {
        TestServer server = startWithoutWaiting(broker, queue, settings);
        server.awaitConsuming(10);
        return server;
    }

    /** The server with further beans. */
    static TestServer startWith(Class<?> beans, TestBroker broker, String... settings) {
        TestServer server =
                run(new SpringApplicationBuilder(TestApplication.class, beans), broker, broker.newQueue(), settings);
        server.awaitConsuming(10);
        return server;
    }

    static TestServer startWithoutWaiting(TestBroker broker, String queue, String... settings) {
        return run(new SpringApplicationBuilder(TestApplication.class), broker, queue, settings);
    }

    private static TestServer run(
            SpringApplicationBuilder application, TestBroker broker, String queue, String... settings) {
        Map<String, String> all = new LinkedHashMap<>(broker.properties());
        for (String setting : settings) {
            String[] pair = setting.split("=", 2);
            all.put(pair[0], pair[1]);
        }
        List<String> arguments = new ArrayList<>(List.of(
                "--spring.main.web-application-type=none",
                "--spring.application.name=test-server",
                "--spring.main.banner-mode=off",
                "--management.otlp.metrics.export.enabled=false",
                "--logging.level.com.rabbitmq.client.impl.ForgivingExceptionHandler=error",
                "--logging.level.org.springframework.amqp.rabbit.connection.CachingConnectionFactory=warn",
                "--test.queue=" + queue));
        all.forEach((name, value) -> arguments.add("--" + name + "=" + value));
        AtomicInteger started = new AtomicInteger();
        ApplicationListener<AsyncConsumerStartedEvent> counter = event -> started.incrementAndGet();
        ConfigurableApplicationContext context = application.listeners(counter).run(arguments.toArray(String[]::new));
        return new TestServer(context, started, queue);
    }

    String queue() {
        return queue;
    }

    <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    /** What {@code /actuator/health} would say of it. */
    String health(String indicator) {
        return Objects.requireNonNull(context.getBean(indicator + "HealthIndicator", HealthIndicator.class)
                        .health())
                .getStatus()
                .getCode();
    }

    void awaitConsuming(int seconds) {
        Awaitility.await()
                .pollInterval(10, TimeUnit.MILLISECONDS)
                .atMost(seconds, TimeUnit.SECONDS)
                .until(() -> health("listener").equals("UP"));
    }

    /** How many consumers were ever started: it grows when one is lost and comes back. */
    int consumersStarted() {
        return consumersStarted.get();
    }

    /** A counter of the AMQP client's own: rabbitmq.consumed, rabbitmq.acknowledged, rabbitmq.rejected. */
    int count(String meter) {
        return (int) bean(MeterRegistry.class)
                .get(meter)
                .tag("name", "rpcServer")
                .counter()
                .count();
    }

    @Override
    public void close() {
        context.close();
    }
}
