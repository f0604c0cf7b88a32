package com.example.fib.server;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * Whether the broker answers: a round trip to it over the connection that requests come by, shared by all who ask while it
 * is under way, and DOWN after 800 ms without an answer, which leaves room in the second that a caller may wait. It asks for the queue, so a missing one is DOWN too.
 */
@Component("broker")
final class BrokerHealthIndicator implements HealthIndicator {

    private static final long TIMEOUT_MILLIS = 800;

    private final ConnectionFactory connectionFactory;
    private final ExecutorService probing;
    private final String queue;
    private final AtomicReference<@Nullable CompletableFuture<Health>> underWay = new AtomicReference<>();

    BrokerHealthIndicator(ConnectionFactory connectionFactory, ExecutorService probing, ServerSettings settings) {
        this.connectionFactory = connectionFactory;
        this.probing = probing;
        this.queue = settings.queue().name();
    }

    @Override
    public Health health() {
        try {
            return probe().get(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException ex) {
            return down("no answer within " + TIMEOUT_MILLIS + " ms");
        } catch (ExecutionException ex) {
            return down("not reachable, or without the queue");
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
        probing.execute(() -> {
            try {
                mine.complete(roundTrip());
            } catch (Exception ex) {
                mine.completeExceptionally(ex);
            } finally {
                underWay.set(null);
            }
        });
        return mine;
    }

    private Health roundTrip() throws Exception {
        try (Channel channel =
                connectionFactory.createConnection().getDelegate().createChannel()) {
            AMQP.Queue.DeclareOk answer = channel.queueDeclarePassive(queue);
            return Health.up()
                    .withDetail("queue", queue)
                    .withDetail("messages", answer.getMessageCount())
                    .withDetail("consumers", answer.getConsumerCount())
                    .build();
        }
    }

    private static Health down(String reason) {
        return Health.down().withDetail("reason", reason).build();
    }
}
