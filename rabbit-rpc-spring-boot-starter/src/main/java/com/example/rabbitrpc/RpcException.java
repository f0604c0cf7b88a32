package com.example.rabbitrpc;

import org.jspecify.annotations.Nullable;
import org.springframework.amqp.AmqpException;

/**
 * A call that failed, with a status for the program and a detail for a person.
 *
 * <p>A listener throws it to refuse a request: the caller gets both, so the detail must be fit to be read by strangers. A call
 * throws it when its reply is a failure, or when there can be none. It is an {@link AmqpException}, as all that a {@link
 * org.springframework.amqp.rabbit.core.RabbitTemplate} throws. It has no stack trace: refusing must stay cheap in an overload.
 */
public class RpcException extends AmqpException {

    private static final long serialVersionUID = 1L;

    private final RpcStatus status;
    private final String detail;

    /**
     * @param status any but {@link RpcStatus#OK}
     * @param detail one sentence
     * @throws IllegalArgumentException if the status is OK
     */
    public RpcException(RpcStatus status, String detail) {
        this(status, detail, null);
    }

    /** The same, with what it was caused by: for this process's log, never for the caller. */
    public RpcException(RpcStatus status, String detail, @Nullable Throwable cause) {
        super(detail, cause);
        if (status == RpcStatus.OK) {
            throw new IllegalArgumentException("OK is no failure");
        }
        this.status = status;
        this.detail = detail;
    }

    /** How the call ended; never {@link RpcStatus#OK}. */
    public final RpcStatus status() {
        return status;
    }

    /** Why, in a sentence. */
    public final String detail() {
        return detail;
    }

    @Override
    public final synchronized Throwable fillInStackTrace() {
        return this;
    }
}
