package com.example.rabbitrpc.client;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/** Micrometer's metrics of a template: its calls, the broker and the queues. */
public final class RpcClientMetrics implements MeterBinder {

    private static final int MOST_TARGETS = 100;
    private static final String OTHERS = "(others)";

    private final RpcTemplate template;

    /** Of this template. */
    public RpcClientMetrics(RpcTemplate template) {
        this.template = template;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        template.setCallListener(new Calls(registry));
        Gauge.builder("rpc.client.in.flight", template, RpcTemplate::inFlight)
                .description("Calls that hold a slot")
                .register(registry);
        Gauge.builder("rpc.client.in.flight.limit", template, RpcTemplate::maxInFlight)
                .description("Slots there are")
                .register(registry);
        resent(registry, "hedge", RpcTemplate::hedged);
        resent(registry, "connection-lost", RpcTemplate::resent);
        for (EndedCalls.Reply kind : EndedCalls.Reply.values()) {
            FunctionCounter.builder("rpc.client.replies.unclaimed", template, it -> it.unclaimed(kind))
                    .description("Replies that no call waited for")
                    .tag("kind", kind.tag())
                    .register(registry);
        }
        Gauge.builder("rpc.broker.up", template, it -> switch (it.broker()) {
                    case UNUSED -> Double.NaN;
                    case UP, BLOCKED -> 1;
                    case DOWN -> 0;
                })
                .description("1 while the broker answers")
                .register(registry);
        Gauge.builder("rpc.broker.blocked", template, it -> it.broker() == BrokerState.BLOCKED ? 1 : 0)
                .description("1 while an alarm keeps the broker from taking requests")
                .register(registry);
        template.watch().onChange(new Queues(registry)::are);
    }

    private void resent(MeterRegistry registry, String reason, ToDoubleFunction<RpcTemplate> count) {
        FunctionCounter.builder("rpc.client.resent", template, count)
                .description("Requests sent a second time")
                .tag("reason", reason)
                .register(registry);
    }

    /** A timer each queue and outcome, looked up without a registry. */
    private static final class Calls implements RpcTemplate.CallListener {

        private final MeterRegistry registry;
        private final Map<String, Map<String, Timer>> timers = new ConcurrentHashMap<>();

        Calls(MeterRegistry registry) {
            this.registry = registry;
        }

        @Override
        public void ended(String target, String outcome, long nanos) {
            Map<String, Timer> ofTarget = timers.get(target);
            if (ofTarget == null) {
                String known = timers.size() < MOST_TARGETS ? target : OTHERS;
                ofTarget = timers.computeIfAbsent(known, absent -> new ConcurrentHashMap<>());
            }
            Map<String, Timer> outcomes = ofTarget;
            Timer timer = outcomes.get(outcome);
            if (timer == null) {
                String queue = timers.get(target) == outcomes ? target : OTHERS;
                timer = outcomes.computeIfAbsent(outcome, absent -> Timer.builder("rpc.client.calls")
                        .description("Calls, from the wait for a slot to the reply or the failure")
                        .tag("queue", queue)
                        .tag("outcome", absent)
                        .register(registry));
            }
            timer.record(nanos, TimeUnit.NANOSECONDS);
        }
    }

    /** Two gauges each queue that is watched. */
    private final class Queues {

        private final MeterRegistry registry;
        private final Map<String, List<Meter>> gauges = new HashMap<>();

        Queues(MeterRegistry registry) {
            this.registry = registry;
        }

        synchronized void are(Set<String> names) {
            gauges.entrySet().removeIf(known -> {
                if (names.contains(known.getKey())) {
                    return false;
                }
                known.getValue().forEach(registry::remove);
                return true;
            });
            for (String name : names) {
                gauges.computeIfAbsent(
                        name,
                        absent -> List.of(
                                gauge(
                                        absent,
                                        "rpc.queue.consumers",
                                        "Consumers of the queue",
                                        QueueWatch.Reading::consumers),
                                gauge(
                                        absent,
                                        "rpc.queue.depth",
                                        "Requests in the queue that no server has yet",
                                        QueueWatch.Reading::depth)));
            }
        }

        private Gauge gauge(String queue, String name, String description, ToDoubleFunction<QueueWatch.Reading> value) {
            return Gauge.builder(name, template.watch(), watch -> {
                        QueueWatch.Reading reading = watch.reading(queue);
                        return reading == null ? Double.NaN : value.applyAsDouble(reading);
                    })
                    .description(description)
                    .tag("queue", queue)
                    .register(registry);
        }
    }
}
