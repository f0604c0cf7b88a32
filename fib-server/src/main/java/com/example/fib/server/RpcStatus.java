package com.example.fib.server;

/** How a call ended; names and meanings are gRPC's. */
enum RpcStatus {
    OK,
    INVALID_ARGUMENT,
    OUT_OF_RANGE,
    DEADLINE_EXCEEDED,
    INTERNAL
}
