package com.example.rabbitrpc.autoconfigure;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of calls. The broker's own are {@code spring.rabbitmq.*}.
 *
 * @param enabled whether the application's template is the library's. Default true
 * @param deadline how long a call may take in all, unless the call sets it. Default: spring.rabbitmq.template.reply-timeout if
 *     that is set, else 5s
 * @param maxInFlight calls that may wait for a reply at the same time; one more is refused when none has been answered within
 *     75 ms. Default 256
 * @param hedgeAfter when a request that has no reply yet is sent once more, to reach another server; 0 for never. Only for
 *     functions that may be computed twice, and only with a resend-share above 0. Default 0
 * @param resendShare how many requests may be sent a second time, after hedge-after or a lost connection, as a share of all
 *     calls; 0 for none. Default 0
 * @param queues queues that are watched from the start; the application then also connects at the start. Default none
 */
@ConfigurationProperties("rabbit.rpc.client")
record RpcClientSettings(
        @DefaultValue("true") boolean enabled,
        @Nullable Duration deadline,
        @DefaultValue("256") int maxInFlight,
        @DefaultValue("0") Duration hedgeAfter,
        @DefaultValue("0") double resendShare,
        @DefaultValue List<String> queues) {

    private static final Duration SHORTEST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofMinutes(10);
    private static final int MOST_IN_FLIGHT = 1_000_000;
    private static final double SMALLEST_SHARE = 0.000_001;
    private static final int LONGEST_NAME = 255;

    RpcClientSettings {
        require(
                deadline == null || (deadline.compareTo(SHORTEST) >= 0 && deadline.compareTo(LONGEST) <= 0),
                "rabbit.rpc.client.deadline must be from 10 ms to 10 min, and not " + deadline);
        require(
                maxInFlight >= 1 && maxInFlight <= MOST_IN_FLIGHT,
                "rabbit.rpc.client.max-in-flight must be from 1 to 1000000, and not " + maxInFlight);
        require(
                !hedgeAfter.isNegative() && hedgeAfter.compareTo(LONGEST) <= 0,
                "rabbit.rpc.client.hedge-after must be from 0 to 10 min, and not " + hedgeAfter);
        require(
                resendShare == 0 || (resendShare >= SMALLEST_SHARE && resendShare <= 1),
                "rabbit.rpc.client.resend-share must be 0, or from 0.000001 to 1, and not " + resendShare);
        for (String queue : queues) {
            int length = queue.getBytes(UTF_8).length;
            require(
                    !queue.isBlank() && length <= LONGEST_NAME,
                    "A name in rabbit.rpc.client.queues must have 1 to 255 bytes, and not " + length);
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
