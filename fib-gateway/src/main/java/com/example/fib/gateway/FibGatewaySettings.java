package com.example.fib.gateway;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of the gateway. Those of its calls it passes on to {@code rabbit.rpc.client.*}, in application.yml; the broker's own are
 * {@code spring.rabbitmq.*}.
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
 * @param apiDocs the description of the HTTP side
 */
@ConfigurationProperties("fib")
public record FibGatewaySettings(
        @DefaultValue("2s") Duration deadline,
        @DefaultValue("1000000") long maxN,
        @DefaultValue("256") int maxInFlight,
        @DefaultValue("500ms") Duration hedgeAfter,
        @DefaultValue("0.1") double resendShare,
        @DefaultValue Queue queue,
        @DefaultValue Cors cors,
        @DefaultValue ApiDocs apiDocs) {

    public FibGatewaySettings {
        require(maxN >= 0, "fib.max-n must not be below 0");
    }

    /**
     * The request queue, declared by the server; the gateway only publishes to it.
     *
     * @param name the request queue's name, as the servers have it. Default rpc_queue
     */
    public record Queue(@DefaultValue("rpc_queue") String name) {}

    /**
     * Who else's scripts may call.
     *
     * @param allowedOrigins origins whose scripts may call the API, such as https://example.com, or * for all. None by default
     */
    public record Cors(@DefaultValue List<String> allowedOrigins) {

        private static final Pattern ORIGIN = Pattern.compile("\\*|https?://[^/\\s*]+");

        public Cors {
            require(
                    allowedOrigins.stream()
                            .allMatch(origin -> ORIGIN.matcher(origin).matches()),
                    "fib.cors.allowed-origins must be an origin such as https://example.com, or *");
        }
    }

    /**
     * The description of the HTTP side at {@code /v3/api-docs}, and its page.
     *
     * @param enabled whether they are there. Default true
     */
    public record ApiDocs(@DefaultValue("true") boolean enabled) {}

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
