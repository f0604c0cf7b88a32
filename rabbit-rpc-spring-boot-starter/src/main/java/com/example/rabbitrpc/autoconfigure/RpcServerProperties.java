package com.example.rabbitrpc.autoconfigure;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.StringUtils;
import org.springframework.util.unit.DataSize;

/**
 * Settings of listeners with rpcListenerContainerFactory.
 *
 * @param enabled whether there is an rpcListenerContainerFactory
 * @param workers how many requests of one listener are computed at a time, unless its concurrency says otherwise; prefetch
 *     is four times as many by default
 * @param replyToPattern regular expression of further queues that a reply may go to; unset means none
 * @param instanceId this process's name in replies; unset means host name and a random suffix
 * @param maxRequestSize how large a request's body may be; a larger one is refused
 */
@ConfigurationProperties("rabbit.rpc.server")
record RpcServerProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue("8") int workers,
        @Nullable Pattern replyToPattern,
        @Nullable String instanceId,
        @DefaultValue("1MB") DataSize maxRequestSize) {

    private static final int MAX_WORKERS = 1_000;
    private static final Pattern INSTANCE_ID = Pattern.compile("[!-~]{1,200}");
    private static final DataSize SMALLEST_REQUEST = DataSize.ofBytes(64);
    private static final DataSize LARGEST_REQUEST = DataSize.ofMegabytes(64);

    RpcServerProperties {
        instanceId = StringUtils.hasLength(instanceId) ? instanceId : null;
        if (workers < 1 || workers > MAX_WORKERS) {
            throw new IllegalArgumentException(
                    "rabbit.rpc.server.workers is from 1 to " + MAX_WORKERS + ", and not " + workers + ".");
        }
        if (instanceId != null && !INSTANCE_ID.matcher(instanceId).matches()) {
            throw new IllegalArgumentException(
                    "rabbit.rpc.server.instance-id has 1 to 200 ASCII characters and no blanks,"
                            + " as it goes into headers, and '" + instanceId + "' is not so.");
        }
        if (maxRequestSize.compareTo(SMALLEST_REQUEST) < 0 || maxRequestSize.compareTo(LARGEST_REQUEST) > 0) {
            throw new IllegalArgumentException(
                    "rabbit.rpc.server.max-request-size is from 64B to 64MB, and not " + maxRequestSize + ".");
        }
    }
}
