package com.example.fib.system;

/**
 * One call of the load, as its caller saw it.
 *
 * @param start by {@link System#nanoTime()}
 * @param nanos its duration
 * @param status the HTTP status; 0 where there was none
 * @param type the last part of the problem's type, or why there was no status; empty for an answer
 * @param wrong whether it was a 200 with other digits than fib(n)'s
 */
record Call(long start, long nanos, int status, String type, boolean wrong) {

    /** The caller was not let in: nothing was accepted. */
    static final String REFUSED = "refused";

    boolean isRight() {
        return status == 200 && !wrong;
    }

    /** Accepted, and left without a status. */
    boolean isWithoutStatus() {
        return status == 0 && !type.equals(REFUSED);
    }

    long millis() {
        return nanos / 1_000_000;
    }

    String outcome() {
        return (status + " " + type).strip();
    }
}
