package com.example.rabbitrpc.autoconfigure;

import com.example.rabbitrpc.client.RpcTemplate;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/** UP while the broker answers and takes requests, by a round trip that is never more than a second and a half old. */
final class ClientBrokerHealthIndicator implements HealthIndicator {

    private final RpcTemplate template;

    ClientBrokerHealthIndicator(RpcTemplate template) {
        this.template = template;
    }

    @Override
    public Health health() {
        return switch (template.broker()) {
            case UP -> Health.up().build();
            case UNUSED -> because(Health.unknown(), "Not connected, as nothing was called yet");
            case DOWN -> because(Health.down(), "The broker does not answer");
            case BLOCKED -> because(Health.down(), "The broker takes no messages: an alarm is on");
        };
    }

    private static Health because(Health.Builder health, String reason) {
        return health.withDetail("reason", reason).build();
    }
}
