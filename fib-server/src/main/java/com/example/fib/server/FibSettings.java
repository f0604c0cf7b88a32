package com.example.fib.server;

import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.PositiveOrZero;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What an operator can set under {@code fib}. Some of it is the library's, and application.yml passes it on.
 *
 * @param maxN the largest n that is computed; above it the answer is OUT_OF_RANGE
 * @param workers how many are computed at a time
 * @param instanceId this process's name in replies; unset means host name and a random suffix
 * @param replyToPattern regular expression of further queues that a reply may go to; unset means none
 * @param queue the queue that requests come from
 */
@ConfigurationProperties("fib")
@Validated
record FibSettings(
        @DefaultValue("1000000") @PositiveOrZero int maxN,
        @DefaultValue("8") int workers,
        @Nullable String instanceId,
        @Nullable Pattern replyToPattern,
        @DefaultValue @Valid Queue queue) {

    /**
     * The queue that requests come from.
     *
     * @param name the request queue's name
     * @param type the request queue's type, classic or quorum; one that exists stays what it is
     * @param durable whether the request queue outlives a restart of the broker; a quorum queue always does
     */
    record Queue(
            @DefaultValue("rpc_queue") @NotBlank String name,
            @DefaultValue("classic") Type type,
            @DefaultValue("true") boolean durable) {

        private static final int MAX_NAME_BYTES = 255;

        @AssertTrue(message = "a queue's name has 255 bytes at most")
        boolean isNameShortEnough() {
            return name.getBytes(StandardCharsets.UTF_8).length <= MAX_NAME_BYTES;
        }

        @AssertTrue(message = "a quorum queue is durable: leave fib.queue.durable at true")
        boolean isDurableWhereItMust() {
            return durable || type != Type.QUORUM;
        }
    }

    /** Types of queue that suit requests. */
    enum Type {
        CLASSIC,
        QUORUM
    }
}
