package com.example.rabbitrpc.server;

import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How requests are served.
 *
 * @param instanceId this process's name in replies
 * @param workers how many requests of one listener are computed at a time, unless the listener sets its own number
 * @param prefetch how many unacknowledged requests a consumer may have; null means four for each worker
 * @param maxRequestBytes how many bytes a request's body may have
 * @param replyToPattern further queues that replies may go to
 * @param timeout how long the broker may take to answer
 */
public record RpcServerOptions(
        String instanceId,
        int workers,
        @Nullable Integer prefetch,
        int maxRequestBytes,
        @Nullable Pattern replyToPattern,
        Duration timeout) {}
