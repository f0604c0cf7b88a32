package com.example.fib.server;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.MessageProperties;

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

    /**
     * Publishes this reply to where the request says. Not through Spring's reply handling, which reads {@code reply_to} as
     * {@code exchange/key} and drops a correlation id that is blank.
     */
    void publish(Channel channel, MessageProperties request, InstanceId server) throws IOException {
        Map<String, Object> headers = new HashMap<>();
        headers.put(RpcContract.STATUS, status.name());
        headers.put(RpcContract.SERVER, server.toString());
        if (compute != null) {
            headers.put(RpcContract.COMPUTE_MICROS, compute.toNanos() / 1000);
        }
        BasicProperties properties = new BasicProperties.Builder()
                .contentType("text/plain")
                .deliveryMode(NON_PERSISTENT)
                .correlationId(request.getCorrelationId())
                .headers(headers)
                .build();
        channel.basicPublish("", request.getReplyTo(), properties, text.getBytes(StandardCharsets.US_ASCII));
    }
}
