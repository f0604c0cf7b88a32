package com.example.rabbitrpc;

/** Names of message headers. Both sides use them: a changed name breaks the other side. */
public final class RpcHeaders {

    /** Reply: the outcome, a name of {@link RpcStatus}; absent means OK. */
    public static final String STATUS = "x-rpc-status";

    /** Reply: the instance that answered. */
    public static final String SERVER = "x-rpc-server";

    /** Reply: how long computing took, in microseconds. */
    public static final String COMPUTE_MICROS = "x-rpc-compute-us";

    /** Request: epoch milliseconds after which nobody waits for the reply; absent means no deadline. */
    public static final String DEADLINE = "x-deadline";

    private RpcHeaders() {}
}
