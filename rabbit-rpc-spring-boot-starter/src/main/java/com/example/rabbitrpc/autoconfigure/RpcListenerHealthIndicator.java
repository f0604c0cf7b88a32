package com.example.rabbitrpc.autoconfigure;

import com.example.rabbitrpc.server.RpcListenerContainer;
import java.util.List;
import org.springframework.amqp.rabbit.listener.RabbitListenerEndpointRegistry;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/** Whether this server consumes requests: its containers run, and their consumers have their channels. */
final class RpcListenerHealthIndicator implements HealthIndicator {

    private final RabbitListenerEndpointRegistry registry;

    RpcListenerHealthIndicator(RabbitListenerEndpointRegistry registry) {
        this.registry = registry;
    }

    @Override
    public Health health() {
        List<RpcListenerContainer> containers = containers(registry);
        if (containers.isEmpty()) {
            return Health.unknown().build();
        }
        boolean consuming = containers.stream().allMatch(RpcListenerContainer::isConsuming);
        return (consuming ? Health.up() : Health.down())
                .withDetail("consuming", consuming)
                .build();
    }

    static List<RpcListenerContainer> containers(RabbitListenerEndpointRegistry registry) {
        return registry.getListenerContainers().stream()
                .filter(RpcListenerContainer.class::isInstance)
                .map(RpcListenerContainer.class::cast)
                .toList();
    }
}
