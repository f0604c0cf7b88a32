package com.example.rabbitrpc.server;

import com.example.rabbitrpc.RpcHeaders;
import com.example.rabbitrpc.RpcStatus;
import com.rabbitmq.client.AMQP.BasicProperties;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An answer: a result, or a sentence where there is none. */
final class Reply {

    static final String TEXT = "text/plain";

    private static final int NON_PERSISTENT = 1;

    private final RpcStatus status;
    private final String contentType;
    private final byte[] body;
    private final @Nullable Duration compute;

    /** @param compute how long computing took, null where nothing was computed */
    Reply(RpcStatus status, String contentType, byte[] body, @Nullable Duration compute) {
        this.status = status;
        this.contentType = contentType;
        this.body = body;
        this.compute = compute;
    }

    static Reply failure(RpcStatus status, String sentence) {
        return new Reply(status, TEXT, sentence.getBytes(StandardCharsets.UTF_8), null);
    }

    BasicProperties properties(@Nullable String correlationId, String server) {
        Map<String, Object> headers = new HashMap<>();
        headers.put(RpcHeaders.STATUS, status.name());
        headers.put(RpcHeaders.SERVER, server);
        if (compute != null) {
            headers.put(RpcHeaders.COMPUTE_MICROS, compute.toNanos() / 1000);
        }
        return new BasicProperties.Builder()
                .contentType(contentType)
                .deliveryMode(NON_PERSISTENT)
                .correlationId(correlationId)
                .headers(headers)
                .build();
    }

    RpcStatus status() {
        return status;
    }

    byte[] body() {
        return body;
    }
}
