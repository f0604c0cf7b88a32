package com.example.rabbitrpc.server;

import com.example.rabbitrpc.RpcStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.Message;
import tools.jackson.databind.json.JsonMapper;

/**
 * From what a listener returns to a reply: numbers as digits and text as UTF-8, both as {@code text/plain}; bytes as they are;
 * null as an empty text; a {@link Message} by its body and content type; everything else as JSON.
 */
final class ReplyWriter {

    private static final byte[] NOTHING = {};

    private final JsonMapper json;

    ReplyWriter(JsonMapper json) {
        this.json = json;
    }

    Reply write(@Nullable Object result, Duration compute) {
        if (result == null) {
            return ok(Reply.TEXT, NOTHING, compute);
        }
        if (result instanceof CharSequence || result instanceof Number) {
            return ok(Reply.TEXT, result.toString().getBytes(StandardCharsets.UTF_8), compute);
        }
        if (result instanceof byte[] bytes) {
            return ok("application/octet-stream", bytes, compute);
        }
        if (result instanceof Message message) {
            return ok(message.getMessageProperties().getContentType(), message.getBody(), compute);
        }
        return ok("application/json", json.writeValueAsBytes(result), compute);
    }

    private static Reply ok(String contentType, byte[] body, Duration compute) {
        return new Reply(RpcStatus.OK, contentType, body, compute);
    }
}
