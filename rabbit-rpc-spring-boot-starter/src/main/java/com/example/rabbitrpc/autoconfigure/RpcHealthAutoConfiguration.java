package com.example.rabbitrpc.autoconfigure;

import com.example.rabbitrpc.client.RpcTemplate;
import com.example.rabbitrpc.server.RpcServer;
import java.util.List;
import java.util.Objects;
import org.springframework.amqp.rabbit.listener.RabbitListenerEndpointRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.annotation.Bean;

/** Health of the sides that an application has: {@code rpc} of its calls, {@code listener} of its listeners, {@code broker} of both. */
@AutoConfiguration(after = {RpcClientAutoConfiguration.class, RpcServerAutoConfiguration.class})
@ConditionalOnClass(HealthIndicator.class)
public final class RpcHealthAutoConfiguration {

    private static final List<Status> SEVERITY = List.of(Status.DOWN, Status.UP, Status.UNKNOWN);

    @Bean
    @ConditionalOnBean(RpcTemplate.class)
    @ConditionalOnEnabledHealthIndicator("rpc")
    @ConditionalOnMissingBean(name = "rpcHealthIndicator")
    RpcHealthIndicator rpcHealthIndicator(RpcTemplate template) {
        return new RpcHealthIndicator(template);
    }

    @Bean("listenerHealthIndicator")
    @ConditionalOnBean(RpcServer.class)
    @ConditionalOnEnabledHealthIndicator("listener")
    @ConditionalOnMissingBean(name = "listenerHealthIndicator")
    RpcListenerHealthIndicator listenerHealthIndicator(RabbitListenerEndpointRegistry registry) {
        return new RpcListenerHealthIndicator(registry);
    }

    /** Of calls alone, or of both sides: each has a connection of its own, and the worse one counts. */
    @Bean
    @ConditionalOnBean(RpcTemplate.class)
    @ConditionalOnEnabledHealthIndicator("broker")
    @ConditionalOnMissingBean(name = "brokerHealthIndicator")
    HealthIndicator brokerHealthIndicator(
            RpcTemplate template,
            ObjectProvider<RpcServer> server,
            ObjectProvider<RabbitListenerEndpointRegistry> registry) {
        HealthIndicator calls = new ClientBrokerHealthIndicator(template);
        RpcServer listening = server.getIfAvailable();
        if (listening == null) {
            return calls;
        }
        HealthIndicator listeners = new RequestBrokerHealthIndicator(registry.getObject(), listening);
        return () -> worse(Objects.requireNonNull(calls.health()), Objects.requireNonNull(listeners.health()));
    }

    @Bean("brokerHealthIndicator")
    @ConditionalOnBean(RpcServer.class)
    @ConditionalOnEnabledHealthIndicator("broker")
    @ConditionalOnMissingBean(name = "brokerHealthIndicator")
    HealthIndicator listenersBrokerHealthIndicator(RpcServer server, RabbitListenerEndpointRegistry registry) {
        return new RequestBrokerHealthIndicator(registry, server);
    }

    /** DOWN, else UP, else unknown, as of a side that has nothing to do yet. */
    private static Health worse(Health one, Health other) {
        return SEVERITY.indexOf(one.getStatus()) <= SEVERITY.indexOf(other.getStatus()) ? one : other;
    }
}
