package com.example.rabbitrpc.client;

import com.example.rabbitrpc.client.QueueWatch.Reading;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What a {@link QueueWatch} knows of one queue. */
final class WatchedQueue {

    /** With the period and a round trip it makes about the second after which a call need not wait for a consumer. */
    private static final long ABSENT_MS = 850;

    private static final long LONGEST_PAUSE_MISSING_MS = 1_500;
    private static final long FORGOTTEN_MS = 60_000;
    private static final long NOTED_MS = 1_000;
    /** A leader that is busy, or not known yet, counts as no consumer for some 250 ms. */
    private static final long SUSPECT_MS = 300;

    private static final int TIMES_ELSEWHERE = 2;

    private final String name;
    private final boolean kept;
    private volatile long calledAt = System.nanoTime();
    private volatile long askAt = System.nanoTime();
    private volatile @Nullable Reading reading;
    private volatile @Nullable String refusal;
    /** Since when no answer has named a consumer, by {@link System#nanoTime()}; null while one is there or unknown. */
    private volatile @Nullable Long absentSince;
    /** The answers so far that named none. */
    private final AtomicInteger absences = new AtomicInteger();

    private long pauseMs = QueueWatch.PERIOD_MS;

    // Of the thread that asks elsewhere.
    private @Nullable Long comparedSince;
    private int absencesCompared;
    private int servedElsewhere;

    /** @param kept whether it is watched without being called, too */
    WatchedQueue(String name, boolean kept) {
        this.name = name;
        this.kept = kept;
    }

    String name() {
        return name;
    }

    boolean isKept() {
        return kept;
    }

    @Nullable
    Reading reading() {
        return reading;
    }

    @Nullable
    String refusal() {
        return refusal;
    }

    void called() {
        long now = System.nanoTime();
        if (now - calledAt > TimeUnit.MILLISECONDS.toNanos(NOTED_MS)) {
            calledAt = now;
        }
    }

    boolean isForgotten() {
        return !kept && millisSince(calledAt) > FORGOTTEN_MS;
    }

    boolean isDue() {
        return System.nanoTime() - askAt >= 0;
    }

    void answered(Reading answer) {
        reading = answer;
        refusal = null;
        if (answer.consumers() > 0) {
            absentSince = null;
        } else {
            absences.incrementAndGet();
            if (absentSince == null) {
                absentSince = System.nanoTime();
            }
        }
        askAgain(answer.exists() ? 0 : LONGEST_PAUSE_MISSING_MS);
    }

    /** An answer too, so the connection is kept. */
    void refused(String text) {
        unknown();
        refusal = text;
        askAgain(QueueReader.LONGEST_PAUSE_MS);
    }

    private void askAgain(long longestPause) {
        pauseMs = longestPause == 0 ? 0 : Math.min(Math.max(2 * pauseMs, QueueWatch.PERIOD_MS), longestPause);
        askAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pauseMs);
    }

    void unknown() {
        refusal = null;
        reading = null;
        absentSince = null;
    }

    boolean nobodyConsumes() {
        Reading last = reading;
        return last != null && last.exists() && isAbandoned();
    }

    boolean isAbandoned() {
        Long since = absentSince;
        return since != null && millisSince(since) > ABSENT_MS;
    }

    boolean isAbsent() {
        return absentSince != null;
    }

    /** Whether it has been said again that nobody consumes, and for some time, which other nodes may deny. */
    boolean isToBeCompared() {
        Long since = absentSince;
        if (since == null || millisSince(since) < SUSPECT_MS) {
            return false;
        }
        if (!since.equals(comparedSince)) {
            comparedSince = since;
            servedElsewhere = 0;
        }
        int now = absences.get();
        boolean isNew = now != absencesCompared;
        absencesCompared = now;
        return isNew;
    }

    /** Whether other nodes have seen consumers one after the other, and this one none. */
    boolean isServedElsewhere(int consumers) {
        servedElsewhere = consumers > 0 ? servedElsewhere + 1 : 0;
        return servedElsewhere >= TIMES_ELSEWHERE;
    }

    private static long millisSince(long nanoTime) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanoTime);
    }
}
