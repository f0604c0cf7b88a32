package com.example.fib.gateway;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** UP while somebody consumes from the request queue; with its consumers and its depth in messages. */
@Component
final class RpcHealthIndicator implements HealthIndicator {

    private final QueueWatch watch;

    RpcHealthIndicator(QueueWatch watch) {
        this.watch = watch;
    }

    @Override
    public Health health() {
        QueueWatch.Reading reading = watch.reading();
        if (reading == null) {
            boolean answers = watch.refusal() != null;
            return Health.unknown()
                    .withDetail(
                            "reason",
                            answers ? "The broker does not tell; the log has why" : "The broker does not answer")
                    .build();
        }
        Health.Builder health = reading.consumers() > 0 ? Health.up() : Health.down();
        return health.withDetail("queueExists", reading.exists())
                .withDetail("consumers", reading.consumers())
                .withDetail("depth", reading.depth())
                .build();
    }
}
