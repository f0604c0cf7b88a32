package com.example.fib.bench;

/**
 * How long everything is measured.
 *
 * @param rounds how often the stacks take turns
 * @param warmUp seconds for each stack before, with 32 callers, and half of that with 256
 * @param warmUpCalls calls that it has had then at least: the seconds are repeated until it has
 * @param single seconds of a round with 1 caller
 * @param many seconds of a round with 32, 256 and 1024 callers
 * @param steps how often ours takes the step from 1 to 256 callers; the peers take it once
 * @param before seconds of a step with 1 caller
 * @param after seconds of a step with 256, of which the first five count as the step and those from the tenth on as steady
 * @param starts how often each way to start is taken
 * @param settle seconds from the first 200 to the reading of idle memory, and from the server's start to the gateway's
 * @param digits seconds of calls for each of the large n, in each of the rounds
 * @param fairness seconds of cheap callers alone, and of those beside another, in each of the rounds
 * @param tolerated calls without a 200, as a share of those with one, that do not end the benchmark
 */
record Plan(
        int rounds,
        double warmUp,
        int warmUpCalls,
        double single,
        double many,
        int steps,
        double before,
        double after,
        int starts,
        double settle,
        double digits,
        double fairness,
        double tolerated) {

    static final Plan FULL = new Plan(4, 16, 45_000, 4, 6, 3, 3, 15, 3, 8, 3, 6, 0.01);

    /** Only shows that the benchmark works, also on a machine that is busy with other things. */
    static final Plan SHORT = new Plan(2, 1, 0, 1, 1, 1, 1, 3, 1, 0, 1, 1, 1);

    /** Of a step, from this second on it is steady. */
    double steadyFrom() {
        return after * 2 / 3;
    }

    /** Of a step, until this second it is new. */
    double newUntil() {
        return after / 3;
    }
}
