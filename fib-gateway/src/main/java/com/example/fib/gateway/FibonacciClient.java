package com.example.fib.gateway;

import com.example.rabbitrpc.RpcDeadline;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcReply;
import com.example.rabbitrpc.RpcStatus;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.rabbit.core.RabbitOperations;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.stereotype.Service;

/** Calls a server for fib(n). */
@Service
final class FibonacciClient {

    private static final String DEFAULT_EXCHANGE = "";
    private static final ParameterizedTypeReference<RpcReply<byte[]>> DIGITS = new ParameterizedTypeReference<>() {};

    private final RabbitOperations rabbit;
    private final String queue;

    FibonacciClient(RabbitOperations rabbit, FibGatewaySettings settings) {
        this.rabbit = rabbit;
        this.queue = settings.queue().name();
    }

    /**
     * fib(n) in ASCII decimal digits, computed by a server.
     *
     * @param start when the call began, by {@link System#nanoTime()}
     * @param limit how long it may take in all from then on
     * @throws RpcException when there is no answer, for whatever reason, at the latest when the deadline has passed
     */
    RpcReply<byte[]> fibonacci(long n, long start, Duration limit) {
        RpcReply<byte[]> reply = rabbit.convertSendAndReceiveAsType(
                DEFAULT_EXCHANGE, queue, n, RpcDeadline.at(start + limit.toNanos()), DIGITS);
        if (reply == null) {
            throw new RpcException(RpcStatus.DEADLINE_EXCEEDED, "No reply within " + limit.toMillis() + " ms.");
        }
        if (!isDigits(reply.body())) {
            throw new RpcException(RpcStatus.INTERNAL, "The reply is not a number.");
        }
        return reply;
    }

    private static boolean isDigits(byte @Nullable [] body) {
        if (body == null) {
            return false;
        }
        for (byte b : body) {
            if (b < '0' || b > '9') {
                return false;
            }
        }
        return body.length > 0;
    }
}
