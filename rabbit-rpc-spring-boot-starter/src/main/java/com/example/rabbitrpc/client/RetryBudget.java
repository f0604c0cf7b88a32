package com.example.rabbitrpc.client;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How many requests may be sent a second time: a share of all calls, plus a few. With it, sending again helps against a
 * single fault and cannot add to an overload. Every call earns a part of a token, every second sending costs a whole one.
 */
final class RetryBudget {

    private static final long TOKEN = 1_000_000;

    private final long earnedPerCall;
    private final long most;
    private final AtomicLong balance;

    /**
     * @param share second sendings per call in the long run, such as 0.1
     * @param initial tokens to begin with
     * @param most tokens that can be saved up: the largest burst of second sendings
     */
    RetryBudget(double share, int initial, int most) {
        this.earnedPerCall = Math.round(share * TOKEN);
        this.most = most * TOKEN;
        this.balance = new AtomicLong(initial * TOKEN);
    }

    void earn() {
        // Full most of the time: then nothing is written, and callers do not contend for it.
        if (balance.get() < most) {
            balance.addAndGet(earnedPerCall);
        }
    }

    boolean spend() {
        long current = balance.get();
        while (current >= TOKEN) {
            if (balance.compareAndSet(current, current - TOKEN)) {
                return true;
            }
            current = balance.get();
        }
        return false;
    }
}
