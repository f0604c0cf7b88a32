package com.example.fib.server;

import com.rabbitmq.client.AMQP.BasicProperties;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An answer: fib(n) in digits, or a sentence where there is none.
 *
 * @param status how the call ended
 * @param text the body
 * @param compute how long computing took, null where nothing was computed
 */
record Reply(RpcStatus status, String text, @Nullable Duration compute) {

    private static final int NON_PERSISTENT = 1;

    static Reply failure(RpcStatus status, String sentence) {
        return new Reply(status, sentence, null);
    }

    BasicProperties properties(@Nullable String correlationId, String server) {
        Map<String, Object> headers = new HashMap<>();
        headers.put(RpcContract.STATUS, status.name());
        headers.put(RpcContract.SERVER, server);
        if (compute != null) {
            headers.put(RpcContract.COMPUTE_MICROS, compute.toNanos() / 1000);
        }
        return new BasicProperties.Builder()
                .contentType("text/plain")
                .deliveryMode(NON_PERSISTENT)
                .correlationId(correlationId)
                .headers(headers)
                .build();
    }

    byte[] body() {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
