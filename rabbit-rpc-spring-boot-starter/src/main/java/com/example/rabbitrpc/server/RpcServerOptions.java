package com.example.rabbitrpc.server;

import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How requests are served.
 *
 * @param instanceId this process's name in replies
 * @param workers how many requests of one listener are computed at a time, where the listener says nothing else
 * @param prefetch how many requests a consumer may hold; null means four for each worker
 * @param maxRequestBytes what a request's body may have
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
