package com.example.fib.gateway;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** UP while the broker answers and takes requests, by a round trip that is never more than a second old. */
@Component
final class BrokerHealthIndicator implements HealthIndicator {

    private final QueueWatch watch;
    private final ReplyChannel channel;

    BrokerHealthIndicator(QueueWatch watch, SharedReplyTemplate template) {
        this.watch = watch;
        this.channel = template.channel();
    }

    @Override
    public Health health() {
        if (watch.reading() == null && watch.refusal() == null) {
            return Health.down()
                    .withDetail("reason", "The broker does not answer")
                    .build();
        }
        if (channel.isBlocked()) {
            return Health.down()
                    .withDetail("reason", "The broker takes no messages: an alarm is on")
                    .build();
        }
        return Health.up().build();
    }
}
