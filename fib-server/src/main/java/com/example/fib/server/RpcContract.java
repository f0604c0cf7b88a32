package com.example.fib.server;

/** The names that both sides of the queue agree on. They are bytes on the wire: change them, and the other side fails. */
final class RpcContract {

    /** Request header: epoch milliseconds after which nobody waits for the reply. */
    static final String DEADLINE = "x-deadline";

    /** Reply header: the outcome, a name of {@link RpcStatus}. */
    static final String STATUS = "x-rpc-status";

    /** Reply header: the instance that answered. */
    static final String SERVER = "x-rpc-server";

    /** Reply header: how long computing took, in microseconds. */
    static final String COMPUTE_MICROS = "x-rpc-compute-us";

    /** What the broker makes of {@code amq.rabbitmq.reply-to}: one caller's address. */
    static final String DIRECT_REPLY_TO = "amq.rabbitmq.reply-to.";

    /** How the names of queues begin that the broker itself has named. */
    static final String SERVER_NAMED_QUEUE = "amq.gen-";

    /** A body that is longer is no number that anybody can want. */
    static final int MAX_BODY_BYTES = 20;

    private RpcContract() {}
}
