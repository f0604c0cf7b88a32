package com.example.rabbitrpc.autoconfigure;

import com.example.rabbitrpc.server.ProbeChannel;
import com.example.rabbitrpc.server.RpcListenerContainer;
import com.example.rabbitrpc.server.RpcServer;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.rabbit.listener.RabbitListenerEndpointRegistry;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * Whether the broker answers: a round trip to it over the connection that requests come by, shared by all who ask while it
 * is under way, and DOWN after 800 ms without an answer, which leaves room in the second that a
 * caller may wait. It asks for the queues, so a missing one is DOWN too. It opens no connection: without one it is DOWN.
 * Without a channel to ask by it is unknown.
 */
final class RequestBrokerHealthIndicator implements HealthIndicator {

    private static final long TIMEOUT_MILLIS = 800;

    private final RabbitListenerEndpointRegistry registry;
    private final RpcServer server;
    private final AtomicReference<@Nullable CompletableFuture<Health>> underWay = new AtomicReference<>();

    RequestBrokerHealthIndicator(RabbitListenerEndpointRegistry registry, RpcServer server) {
        this.registry = registry;
        this.server = server;
    }

    @Override
    public Health health() {
        try {
            return probe().get(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException ex) {
            return down("no answer within " + TIMEOUT_MILLIS + " ms");
        } catch (ExecutionException ex) {
            return down("not reachable, or without a queue that is listened to");
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            return down("interrupted");
        }
    }

    private CompletableFuture<Health> probe() {
        CompletableFuture<Health> mine = new CompletableFuture<>();
        CompletableFuture<Health> current = underWay.compareAndExchange(null, mine);
        if (current != null) {
            return current;
        }
        try {
            server.probing().execute(() -> {
                try {
                    mine.complete(roundTrip());
                } catch (Throwable ex) {
                    mine.completeExceptionally(ex);
                } finally {
                    underWay.set(null);
                }
            });
        } catch (Throwable ex) {
            underWay.set(null); // No thread to be had: the next to ask tries again.
            mine.completeExceptionally(ex);
        }
        return mine;
    }

    private Health roundTrip() throws Exception {
        List<RpcListenerContainer> containers = RpcListenerHealthIndicator.containers(registry);
        if (containers.isEmpty()) {
            return Health.unknown().build();
        }
        if (server.currentConnection() == null) {
            return down("not connected");
        }
        if (server.isReplyRefused()) {
            return down("it refuses replies: this server's user has no right to write to the default exchange");
        }
        Health.Builder up = Health.up();
        for (RpcListenerContainer container : containers) {
            if (container.stream() != null) {
                return down(
                        "queue " + container.stream() + " is a stream, and requests need a classic or a quorum queue");
            }
        }
        ProbeChannel probe = server.probe();
        Channel channel = probe.open();
        if (channel == null) {
            return probe.isRefused() ? noChannel() : down("not connected");
        }
        try {
            for (String queue : containers.stream()
                    .flatMap(container -> Stream.of(container.getQueueNames()))
                    .distinct()
                    .toList()) {
                AMQP.Queue.DeclareOk answer = channel.queueDeclarePassive(queue);
                up.withDetail(
                        queue, Map.of("messages", answer.getMessageCount(), "consumers", answer.getConsumerCount()));
            }
        } catch (IOException | RuntimeException ex) {
            probe.forget();
            throw ex;
        }
        return up.build();
    }

    /** Requests come by the channels that there are; the broker cannot be asked. */
    private static Health noChannel() {
        return Health.unknown()
                .withDetail(
                        "reason", "no channel is left to ask it by: raise channel_max, or the user's limit of channels")
                .build();
    }

    private static Health down(String reason) {
        return Health.down().withDetail("reason", reason).build();
    }
}
