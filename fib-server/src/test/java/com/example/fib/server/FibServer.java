package com.example.fib.server;

import com.example.fib.broker.TestBroker;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;

/** The application as it runs, on a queue of its own. */
final class FibServer implements AutoCloseable {

    private final ConfigurableApplicationContext context;
    private final String queue;

    private FibServer(ConfigurableApplicationContext context, String queue) {
        this.context = context;
        this.queue = queue;
    }

    static FibServer start(TestBroker broker, String... settings) {
        String queue = broker.newQueue();
        Map<String, String> all = new LinkedHashMap<>(broker.properties());
        for (String setting : settings) {
            String[] pair = setting.split("=", 2);
            all.put(pair[0], pair[1]);
        }
        all.putIfAbsent("fib.queue.name", queue);
        List<String> arguments = new ArrayList<>(List.of("--server.port=0"));
        all.forEach((name, value) -> arguments.add("--" + name + "=" + value));
        FibServer server = new FibServer(
                SpringApplication.run(FibServerApplication.class, arguments.toArray(String[]::new)), queue);
        Awaitility.await().atMost(10, TimeUnit.SECONDS).until(server::isConsuming);
        return server;
    }

    private boolean isConsuming() {
        HealthIndicator listener = context.getBean("listenerHealthIndicator", HealthIndicator.class);
        return Status.UP.equals(Objects.requireNonNull(listener.health()).getStatus());
    }

    String queue() {
        return queue;
    }

    MeterRegistry metrics() {
        return context.getBean(MeterRegistry.class);
    }

    String url(String path) {
        return "http://localhost:" + context.getEnvironment().getProperty("local.server.port") + path;
    }

    @Override
    public void close() {
        context.close();
    }
}
