package com.example.rabbitrpc;

import org.jspecify.annotations.Nullable;
import org.springframework.amqp.AmqpException;

/**
 * A call that failed, with a status for the program and a detail for a person.
 *
 * <p>A listener throws it to refuse a request. The caller gets both, so the detail must not contain secrets. A call
 * throws it when its reply is a failure, or when there can be no reply. It is an {@link AmqpException}, like other failures of a
 * {@link org.springframework.amqp.rabbit.core.RabbitTemplate}. It has no stack trace, so that refusals are cheap in an overload.
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

    /** The same, with a cause for this process's log. The caller never gets the cause. */
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

    /** The reason, in one sentence. */
    public final String detail() {
        return detail;
    }

    @Override
    public final synchronized Throwable fillInStackTrace() {
        return this;
    }
}
