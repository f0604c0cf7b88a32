package com.example.rabbitrpc;

/**
 * How a call ended. Names and meanings are gRPC's ({@code google.rpc.Code}); on the wire it is the reply's header {@value
 * RpcHeaders#STATUS}, and a reply without it is {@link #OK}, as the RabbitMQ tutorial's servers send none.
 */
public enum RpcStatus {
    /** There is a result. */
    OK,
    /** The request cannot be read, or is not valid: sent again, it fails again. */
    INVALID_ARGUMENT,
    /** The request is well-formed, and asks for more than the function takes. */
    OUT_OF_RANGE,
    /** Its time was over before there was a result. */
    DEADLINE_EXCEEDED,
    /** More calls than there may be at once. Nothing was computed. */
    RESOURCE_EXHAUSTED,
    /** No broker, or nobody who serves. Trying again later may help. */
    UNAVAILABLE,
    /** The function failed, or its reply cannot be read. */
    INTERNAL
}
