package com.example.rabbitrpc.server;

import com.example.rabbitrpc.RpcStatus;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.ExecutorServiceMetrics;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;

/** Micrometer's metrics of requests: answered, with a result or a failure, or dropped. */
public final class MicrometerServerMetrics implements ServerMetrics {

    private final MeterRegistry registry;
    private final Map<String, Meters> queues = new ConcurrentHashMap<>();

    public MicrometerServerMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public void serves(String queue) {
        meters(queue);
    }

    @Override
    public void answered(String queue, RpcStatus status, Duration time) {
        Timer timer = meters(queue).answered.get(status);
        if (timer != null) {
            timer.record(time);
        }
    }

    @Override
    public void dropped(String queue) {
        meters(queue).dropped.increment();
    }

    @Override
    public ExecutorService monitored(ExecutorService workers, String queues) {
        return ExecutorServiceMetrics.monitor(registry, workers, "rpc-workers", List.of(Tag.of("queue", queues)));
    }

    private Meters meters(String queue) {
        return queues.computeIfAbsent(queue, name -> new Meters(registry, name));
    }

    /** The same words as the calling side's. */
    private static String outcome(RpcStatus status) {
        return switch (status) {
            case RESOURCE_EXHAUSTED -> "overloaded";
            case INTERNAL -> "server-error";
            default -> status.name().toLowerCase(Locale.ROOT).replace('_', '-');
        };
    }

    private static final class Meters {

        private final Map<RpcStatus, Timer> answered = new EnumMap<>(RpcStatus.class);
        private final Counter dropped;

        Meters(MeterRegistry registry, String queue) {
            for (RpcStatus status : RpcStatus.values()) {
                answered.put(
                        status,
                        Timer.builder("rpc.server.calls")
                                .description("Requests that were answered, and how long a worker had each")
                                .tag("queue", queue)
                                .tag("outcome", outcome(status))
                                .register(registry));
            }
            this.dropped = Counter.builder("rpc.server.dropped")
                    .description("Requests that no reply can be sent to")
                    .tag("queue", queue)
                    .register(registry);
        }
    }
}
