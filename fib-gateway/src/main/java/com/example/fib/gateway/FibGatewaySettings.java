package com.example.fib.gateway;

import jakarta.validation.Valid;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import java.time.Duration;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of the gateway. The broker's own are {@code spring.rabbitmq.*}.
 *
 * @param deadline how long a call may take in all, from the HTTP request to its answer. Default 2s
 * @param maxN largest n that is accepted. Default 1000000
 * @param maxInFlight calls that may wait for a reply at the same time; one more is refused when none has been answered
 *     within 75 ms. Default 256
 * @param hedgeAfter when a request that has no reply yet is sent once more, to reach another server; 0 for never.
 *     Default 500ms
 * @param resendShare how many requests may be sent a second time, as a share of all calls; 0 for none, where computing
 *     twice would do harm. Default 0.1
 * @param queue the request queue
 * @param cors calls by scripts of other sites
 */
@ConfigurationProperties("fib")
@Validated
record GatewaySettings(
        @DefaultValue("2s") @DurationMin(millis = 10) @DurationMax(minutes = 10)
        Duration deadline,

        @DefaultValue("1000000") @Min(0) long maxN,
        @DefaultValue("256") @Positive int maxInFlight,
        @DefaultValue("500ms") @DurationMin(millis = 0) Duration hedgeAfter,

        @DefaultValue("0.1") @DecimalMin("0") @DecimalMax("1")
        double resendShare,

        @DefaultValue @Valid Queue queue,
        @DefaultValue @Valid Cors cors) {

    /**
     * The request queue, declared by the server; the gateway only publishes to it.
     *
     * @param name the request queue's name, as the servers have it. Default rpc_queue
     */
    record Queue(@DefaultValue("rpc_queue") @NotBlank String name) {}

    /**
     * Who else's scripts may call.
     *
     * @param allowedOrigins origins whose scripts may call the API, such as https://example.com, or * for all. None by default
     */
    record Cors(
            @DefaultValue
            List<
                            @Pattern(
                                    regexp = "\\*|https?://[^/\\s*]+",
                                    message = "must be an origin such as https://example.com, or *")
                            String>
                    allowedOrigins) {}
}
