package com.example.rabbitrpc;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A reply with its body and what its headers say. Ask for it by its type:
 *
 * <pre>{@code
 * RpcReply<Quote> reply = template.convertSendAndReceiveAsType(
 *         "quotes", order, new ParameterizedTypeReference<RpcReply<Quote>>() {});
 * }</pre>
 *
 * @param body the result; a server's null is an empty text
 * @param server the instance that answered; null if the server does not say, like the RabbitMQ tutorial's
 * @param computeTime how long computing took; null if the server does not say
 * @param correlationId the id of the request and of this reply
 * @param <T> the result's type; byte[] is the body as it came
 */
public record RpcReply<T>(
        @Nullable T body,
        @Nullable String server,
        @Nullable Duration computeTime,
        @Nullable String correlationId) {}
