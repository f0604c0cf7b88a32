package com.example.fib.bench;

import java.util.Arrays;

/** What came of a load: latencies are kept, all of them, so that percentiles are exact. */
final class Outcome {

    private final double seconds;
    private final long inTime;
    private final long failed;
    private final long wrong;
    private final long[] starts;
    private final long[] latencies;

    /**
     * All times are in ns but one.
     *
     * @param seconds how long calls were begun for
     * @param inTime calls answered rightly within that time
     * @param failed calls without a 200
     * @param wrong calls with a 200 and other digits
     * @param starts when each call that was answered rightly began, since the load began
     * @param latencies how long it took
     */
    Outcome(double seconds, long inTime, long failed, long wrong, long[] starts, long[] latencies) {
        this.seconds = seconds;
        this.inTime = inTime;
        this.failed = failed;
        this.wrong = wrong;
        this.starts = starts;
        this.latencies = latencies;
    }

    /** Calls answered rightly, the last of them after the time was up. */
    int right() {
        return latencies.length;
    }

    long failed() {
        return failed;
    }

    long wrong() {
        return wrong;
    }

    double throughput() {
        return inTime / seconds;
    }

    double percentile(double share) {
        return percentile(share, 0, Double.MAX_VALUE);
    }

    /** In ms; of the calls begun in the time given. */
    double percentile(double share, double fromSecond, double toSecond) {
        long[] chosen = new long[latencies.length];
        int count = 0;
        for (int i = 0; i < latencies.length; i++) {
            if (starts[i] >= fromSecond * 1e9 && starts[i] < toSecond * 1e9) {
                chosen[count++] = latencies[i];
            }
        }
        if (count == 0) {
            return Double.NaN;
        }
        Arrays.sort(chosen, 0, count);
        return chosen[Math.max(0, (int) Math.ceil(share * count) - 1)] / 1e6;
    }

    /** Answers that came in each whole second. */
    long[] perSecond() {
        long[] counts = new long[(int) Math.round(seconds)];
        for (int i = 0; i < latencies.length; i++) {
            long second = (starts[i] + latencies[i]) / 1_000_000_000L;
            if (second < counts.length) {
                counts[(int) second]++;
            }
        }
        return counts;
    }
}
