package com.example.rabbitrpc.autoconfigure;

import com.example.rabbitrpc.client.QueueWatch;
import com.example.rabbitrpc.client.RpcTemplate;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;

/** UP while somebody consumes from each queue that is called; with their consumers and their depths in messages. */
final class RpcHealthIndicator implements HealthIndicator {

    private final RpcTemplate template;

    RpcHealthIndicator(RpcTemplate template) {
        this.template = template;
    }

    @Override
    public Health health() {
        QueueWatch watch = template.watch();
        Set<String> queues = watch.queues();
        if (queues.isEmpty()) {
            return Health.unknown()
                    .withDetail("reason", "No queue was called lately")
                    .build();
        }
        Health.Builder health = Health.up();
        Status worst = Status.UP;
        for (String queue : queues) {
            QueueWatch.Reading reading = watch.reading(queue);
            if (reading == null) {
                boolean answers = watch.refusal(queue) != null;
                health.withDetail(
                        queue,
                        Map.of(
                                "reason",
                                answers ? "The broker does not tell; the log has why" : "The broker does not answer"));
                worst = worst.equals(Status.DOWN) ? worst : Status.UNKNOWN;
            } else {
                Map<String, Object> details = new LinkedHashMap<>();
                details.put("queueExists", reading.exists());
                details.put("consumers", reading.consumers());
                details.put("depth", reading.depth());
                health.withDetail(queue, details);
                worst = reading.consumers() > 0 ? worst : Status.DOWN;
            }
        }
        return health.status(worst).build();
    }
}
