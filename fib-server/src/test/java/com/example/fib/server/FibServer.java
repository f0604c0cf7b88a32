package com.example.fib.server;

import com.example.fib.broker.Promised;
import com.example.fib.broker.TestBroker;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.springframework.amqp.rabbit.listener.AsyncConsumerStartedEvent;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;

/** The application as it runs, on a queue of its own. */
final class FibServer implements AutoCloseable {

    private final ConfigurableApplicationContext context;
    private final AtomicInteger consumersStarted;
    private final String queue;

    private FibServer(ConfigurableApplicationContext context, AtomicInteger consumersStarted, String queue) {
        this.context = context;
        this.consumersStarted = consumersStarted;
        this.queue = queue;
    }

    static FibServer start(TestBroker broker, String... settings) {
        return startOn(broker, broker.newQueue(), settings);
    }

    static FibServer startOn(TestBroker broker, String queue, String... settings) {
        FibServer server = startWithoutWaiting(broker, queue, settings);
        server.awaitConsuming(10);
        return server;
    }

    /** The server with further beans. */
    static FibServer startWith(Class<?> beans, TestBroker broker) {
        FibServer server =
                run(new SpringApplicationBuilder(FibServerApplication.class, beans), broker, broker.newQueue());
        server.awaitConsuming(10);
        return server;
    }

    static FibServer startWithoutWaiting(TestBroker broker, String queue, String... settings) {
        return run(new SpringApplicationBuilder(FibServerApplication.class), broker, queue, settings);
    }

    private static FibServer run(
            SpringApplicationBuilder application, TestBroker broker, String queue, String... settings) {
        Map<String, String> all = new LinkedHashMap<>(broker.properties());
        for (String setting : settings) {
            String[] pair = setting.split("=", 2);
            all.put(pair[0], pair[1]);
        }
        all.put("fib.queue.name", queue);
        List<String> arguments = new ArrayList<>(List.of("--server.port=0"));
        all.forEach((name, value) -> arguments.add("--" + name + "=" + value));
        AtomicInteger started = new AtomicInteger();
        ApplicationListener<AsyncConsumerStartedEvent> counter = event -> started.incrementAndGet();
        ConfigurableApplicationContext context = application.listeners(counter).run(arguments.toArray(String[]::new));
        return new FibServer(context, started, queue);
    }

    String queue() {
        return queue;
    }

    <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    ListenerHealthIndicator listener() {
        return bean(ListenerHealthIndicator.class);
    }

    void awaitConsuming(int seconds) {
        Awaitility.await()
                .pollInterval(10, TimeUnit.MILLISECONDS)
                .atMost(Promised.within(1_000L * seconds))
                .until(() -> listener().health().getStatus().getCode().equals("UP"));
    }

    /** How many consumers were ever started: it grows when one is lost and comes back. */
    int consumersStarted() {
        return consumersStarted.get();
    }

    /** A counter of the AMQP client's own: rabbitmq.consumed, rabbitmq.acknowledged, rabbitmq.rejected. */
    int count(String meter) {
        return (int) bean(MeterRegistry.class).get(meter).counter().count();
    }

    String url(String path) {
        return "http://localhost:" + context.getEnvironment().getProperty("local.server.port") + path;
    }

    @Override
    public void close() {
        context.close();
    }
}
