package com.example.rabbitrpc;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A reply with what it tells beside its body. Ask for it by its type:
 *
 * <pre>{@code
 * RpcReply<Quote> reply = template.convertSendAndReceiveAsType(
 *         "quotes", order, new ParameterizedTypeReference<RpcReply<Quote>>() {});
 * }</pre>
 *
 * @param body the result; null where the function returned nothing
 * @param server the instance that answered; null from a server that does not say, as the RabbitMQ tutorial's
 * @param computeTime how long computing took; null from a server that does not say
 * @param correlationId the id that the request and this reply went under
 * @param <T> the result's type: byte[] takes the body as it came
 */
public record RpcReply<T>(
        @Nullable T body,
        @Nullable String server,
        @Nullable Duration computeTime,
        @Nullable String correlationId) {}
