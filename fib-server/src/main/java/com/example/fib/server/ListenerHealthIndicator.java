package com.example.fib.server;

import org.springframework.amqp.rabbit.listener.RabbitListenerEndpointRegistry;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Whether this server consumes requests: its container runs, and its consumers have their channels. */
@Component("listener")
final class ListenerHealthIndicator implements HealthIndicator {

    private final RabbitListenerEndpointRegistry registry;

    ListenerHealthIndicator(RabbitListenerEndpointRegistry registry) {
        this.registry = registry;
    }

    @Override
    public Health health() {
        boolean consuming = registry.getListenerContainers().stream()
                .allMatch(container -> container instanceof RpcListenerContainer rpc && rpc.isConsuming());
        return (consuming ? Health.up() : Health.down())
                .withDetail("consuming", consuming)
                .build();
    }
}
