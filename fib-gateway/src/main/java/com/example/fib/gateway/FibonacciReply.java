package com.example.fib.gateway;

import org.jspecify.annotations.Nullable;

/** What a server answered: the digits as they came, who computed them, and for how long. */
final class FibonacciReply {

    private final byte[] digits;
    private final @Nullable String server;
    private final @Nullable Long computeMicros;
    private final @Nullable String correlationId;

    FibonacciReply(
            byte[] digits, @Nullable String server, @Nullable Long computeMicros, @Nullable String correlationId) {
        this.digits = digits;
        this.server = server;
        this.computeMicros = computeMicros;
        this.correlationId = correlationId;
    }

    /** fib(n) in ASCII decimal digits: the reply's own bytes, not a copy. */
    byte[] digits() {
        return digits;
    }

    /** The instance that answered; null from a server that does not say. */
    @Nullable
    String server() {
        return server;
    }

    /** Time spent computing, in microseconds; null from a server that does not say. */
    @Nullable
    Long computeMicros() {
        return computeMicros;
    }

    /** The id that the request and this reply went under. */
    @Nullable
    String correlationId() {
        return correlationId;
    }
}
