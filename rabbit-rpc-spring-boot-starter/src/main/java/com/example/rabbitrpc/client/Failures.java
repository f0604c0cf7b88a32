package com.example.rabbitrpc.client;

import com.example.rabbitrpc.NoServerException;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.AmqpConnectException;
import org.springframework.amqp.AmqpException;
import org.springframework.core.NestedExceptionUtils;

/** How calls fail on this side, in the words that their callers read. */
final class Failures {

    private static final Logger log = LoggerFactory.getLogger(Failures.class);

    private Failures() {}

    static NoServerException noServer(@Nullable AmqpException cause) {
        return new NoServerException("Nobody takes requests from the queue.", cause);
    }

    static RpcException notConnected(Exception cause) {
        return unavailable(
                "There is no connection to the broker.",
                cause instanceof AmqpException known
                        ? known
                        : new AmqpConnectException("No connection to the broker", cause));
    }

    static RpcException connectionLost(Exception cause) {
        return unavailable(
                "The connection to the broker was lost.",
                new AmqpConnectException("Connection lost while waiting", cause));
    }

    static RpcException unavailable(String detail, AmqpException cause) {
        return new RpcException(RpcStatus.UNAVAILABLE, detail, cause);
    }

    static RpcException unreadable(RuntimeException cause) {
        return new RpcException(RpcStatus.INTERNAL, "The reply cannot be read.", cause);
    }

    /** What is behind a failure, in a line: an expired certificate says more than a failed handshake. */
    static String why(Throwable failure) {
        return LogText.line(NestedExceptionUtils.getMostSpecificCause(failure).toString());
    }

    /** For a thread that all depend on: whatever it met, it goes on. */
    static void report(String who, Throwable failure) {
        try {
            log.error("{} met a failure, and goes on", who, failure);
        } catch (Throwable ex) {
            // No memory or no descriptor for a line of log is no reason either.
        }
    }
}
