package com.example.fib.gateway;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.ToDoubleFunction;
import org.springframework.stereotype.Component;

/** What the gateway knows of its calls, of the broker and of the queue, for Micrometer. */
@Component
final class GatewayMetrics implements MeterBinder {

    private final Slots slots;
    private final SharedReplyTemplate template;
    private final QueueWatch watch;

    GatewayMetrics(Slots slots, SharedReplyTemplate template, QueueWatch watch) {
        this.slots = slots;
        this.template = template;
        this.watch = watch;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("rpc.client.in.flight", slots, Slots::taken)
                .description("Calls that hold a slot")
                .register(registry);
        Gauge.builder("rpc.client.in.flight.limit", slots, Slots::limit)
                .description("Slots there are")
                .register(registry);
        resent(registry, "hedge", SharedReplyTemplate::hedged);
        resent(registry, "connection-lost", SharedReplyTemplate::resent);
        for (EndedCalls.Reply kind : EndedCalls.Reply.values()) {
            FunctionCounter.builder("rpc.client.replies.unclaimed", template, it -> it.unclaimed(kind))
                    .description("Replies that no call waited for")
                    .tag("kind", kind.tag())
                    .register(registry);
        }
        Gauge.builder("rpc.broker.up", watch, it -> it.reading() == null ? 0 : 1)
                .description("1 while the broker answers")
                .register(registry);
        Gauge.builder("rpc.broker.blocked", template.channel(), it -> it.isBlocked() ? 1 : 0)
                .description("1 while an alarm keeps the broker from taking requests")
                .register(registry);
        queue(registry, "rpc.queue.consumers", "Consumers of the request queue", QueueWatch.Reading::consumers);
        queue(registry, "rpc.queue.depth", "Requests in the queue that no server has yet", QueueWatch.Reading::depth);
    }

    private void resent(MeterRegistry registry, String reason, ToDoubleFunction<SharedReplyTemplate> count) {
        FunctionCounter.builder("rpc.client.resent", template, count)
                .description("Requests sent a second time")
                .tag("reason", reason)
                .register(registry);
    }

    private void queue(
            MeterRegistry registry, String name, String description, ToDoubleFunction<QueueWatch.Reading> value) {
        Gauge.builder(name, watch, it -> {
                    QueueWatch.Reading reading = it.reading();
                    return reading == null ? Double.NaN : value.applyAsDouble(reading);
                })
                .description(description)
                .register(registry);
    }
}
