package com.example.rabbitrpc;

/**
 * How a call ended. Names and meanings are gRPC's ({@code google.rpc.Code}). In a reply it is the header {@value
 * RpcHeaders#STATUS}. A reply without that header is {@link #OK}, as the RabbitMQ tutorial's servers send none.
 */
public enum RpcStatus {
    /** There is a result. */
    OK,
    /** The request cannot be read, or is not valid. It fails again if it is sent again. */
    INVALID_ARGUMENT,
    /** The request is well-formed, but its values are outside of what the function accepts. */
    OUT_OF_RANGE,
    /** The deadline passed before there was a result. */
    DEADLINE_EXCEEDED,
    /** Too many calls at once, or no memory for this one. Nothing was computed. */
    RESOURCE_EXHAUSTED,
    /** No broker, or no server. A later call may succeed. */
    UNAVAILABLE,
    /** The function failed, or its reply cannot be read. */
    INTERNAL
}
