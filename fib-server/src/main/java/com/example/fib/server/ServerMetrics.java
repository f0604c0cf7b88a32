package com.example.fib.server;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.springframework.stereotype.Component;

/** What this server did with what it got: computed, answered with a failure, dropped. */
@Component
final class ServerMetrics {

    private final Timer computed;
    private final Counter dropped;
    private final Map<RpcStatus, Counter> failed = new EnumMap<>(RpcStatus.class);

    ServerMetrics(MeterRegistry registry) {
        this.computed = Timer.builder("fib.compute")
                .description("Time spent computing numbers that were answered")
                .register(registry);
        this.dropped = Counter.builder("fib.dropped")
                .description("Requests that no reply can be sent to")
                .register(registry);
        Arrays.stream(RpcStatus.values())
                .filter(status -> status != RpcStatus.OK)
                .forEach(status -> failed.put(
                        status,
                        Counter.builder("fib.failed")
                                .description("Requests answered with a failure")
                                .tag("status", status.name())
                                .register(registry)));
    }

    void computed(Duration time) {
        computed.record(time);
    }

    void failed(RpcStatus status) {
        Counter counter = failed.get(status);
        if (counter != null) {
            counter.increment();
        }
    }

    void dropped() {
        dropped.increment();
    }
}
