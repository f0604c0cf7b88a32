package com.example.fib.gateway;

/** Names on the wire, as docs/contract.md has them. */
final class RpcContract {

    static final String DEADLINE_HEADER = "x-deadline";
    static final String STATUS_HEADER = "x-rpc-status";
    static final String SERVER_HEADER = "x-rpc-server";
    static final String COMPUTE_HEADER = "x-rpc-compute-us";

    private RpcContract() {}
}
