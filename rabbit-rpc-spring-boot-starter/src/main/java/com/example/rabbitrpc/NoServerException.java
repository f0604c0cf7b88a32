package com.example.rabbitrpc;

import org.jspecify.annotations.Nullable;

/** {@link RpcStatus#UNAVAILABLE}: the broker says that nobody consumes from the queue, or that there is no such queue. */
public final class NoServerException extends RpcException {

    private static final long serialVersionUID = 1L;

    public NoServerException(String detail, @Nullable Throwable cause) {
        super(RpcStatus.UNAVAILABLE, detail, cause);
    }
}
