package com.example.fib.server;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.springframework.stereotype.Component;

/** What this server did with what it got: computed, answered with a failure, dropped. */
@Component
final class ServerMetrics {

    /** By the number of digits of n, from one on. */
    private final List<Timer> computed;

    private final Counter dropped;
    private final Map<RpcStatus, Counter> failed = new EnumMap<>(RpcStatus.class);

    ServerMetrics(MeterRegistry registry, ServerSettings settings) {
        this.computed = IntStream.rangeClosed(1, digits(settings.maxN()))
                .mapToObj(digits -> Timer.builder("fib.compute")
                        .description("Time spent computing numbers that were answered, by the digits of n")
                        .tag("digits", Integer.toString(digits))
                        .register(registry))
                .toList();
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

    private static int digits(int n) {
        return Integer.toString(n).length();
    }

    void computed(int n, Duration time) {
        computed.get(digits(n) - 1).record(time);
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
