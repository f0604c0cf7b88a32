package com.example.rabbitrpc.client;

import java.util.concurrent.TimeUnit;

/**
 * Says when calls are to leave a node of a cluster that takes requests and brings no reply: it is cut off from the others and leads the
 * queue, or its channel waits for a leader that is gone (RabbitMQ 3.10 does so until that node is back). Servers that hang look the
 * same, so the next time has to wait, each time twice as long, until a reply has come.
 */
final class Unanswered {

    private static final int EXPIRED = 3;
    private static final long FIRST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.MINUTES.toNanos(5);

    private volatile long repliedAt = System.nanoTime();
    private int expired;
    private long since;
    private long leftAt = repliedAt;
    private long pause;

    void replied() {
        repliedAt = System.nanoTime();
    }

    /**
     * A call has had no reply.
     *
     * @param sentAt when it was sent, by {@link System#nanoTime()}
     * @return whether several in a row had none, and no other call has had one since they were sent
     */
    synchronized boolean expired(long sentAt) {
        long reply = repliedAt;
        if (reply - since > 0) {
            expired = 0;
        }
        if (reply - sentAt > 0) {
            return false;
        }
        if (expired == 0) {
            since = sentAt;
        }
        return ++expired >= EXPIRED;
    }

    /** When the first of those in a row was sent. */
    synchronized long since() {
        return since;
    }

    /** Whether the node may be left now, which the caller then does. */
    synchronized boolean mayLeave() {
        long now = System.nanoTime();
        if (now - leftAt < pause) {
            return false;
        }
        boolean hadReplies = pause == 0 || repliedAt - leftAt > 0;
        pause = hadReplies ? FIRST_PAUSE_NANOS : Math.min(2 * pause, LONGEST_PAUSE_NANOS);
        leftAt = now;
        expired = 0;
        return true;
    }
}
