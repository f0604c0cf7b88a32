package com.example.fib.server;

/** A request that is answered with a failure: a status for the program and a sentence for a person. */
final class RpcException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final RpcStatus status;

    RpcException(RpcStatus status, String sentence) {
        super(sentence, null, false, false);
        this.status = status;
    }

    RpcStatus status() {
        return status;
    }
}
