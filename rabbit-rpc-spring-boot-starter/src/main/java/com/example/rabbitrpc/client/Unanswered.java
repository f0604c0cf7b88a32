package com.example.rabbitrpc.client;

import java.util.concurrent.TimeUnit;

/**
 * Says when calls are to leave a node of a cluster that takes requests and brings no reply: it is cut off from the others and leads the
 * queue, or its channel waits for a leader that is gone (RabbitMQ 3.10 does so until that node is back). Servers that hang look the
 * same, so the next time has to wait, each time twice as long, until a reply has come.
 */
final class Unanswered {

    private static final int EXPIRED = 3;
    /** A little less than fib's deadline: at the first that nobody has answered, it is known. */
    private static final long SILENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(1_800);

    /** What expired longer ago says nothing of now. */
    private static final long ROW_NANOS = TimeUnit.MINUTES.toNanos(1);

    private static final long FIRST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.MINUTES.toNanos(5);

    private volatile long repliedAt;
    private int expired;
    private long since;
    private long leftAt;
    private long pause;

    /** @param now by {@link System#nanoTime()} */
    Unanswered(long now) {
        repliedAt = now;
        since = now;
        leftAt = now;
    }

    void replied() {
        repliedAt = System.nanoTime();
    }

    /** For a connection that is new. */
    synchronized void begin() {
        expired = 0;
    }

    /**
     * A call has had no reply.
     *
     * @param sentAt when it was sent, by {@link System#nanoTime()}
     */
    synchronized void expired(long sentAt) {
        long reply = repliedAt;
        if (reply - since > 0 || sentAt - since > ROW_NANOS) {
            expired = 0;
        }
        if (reply - sentAt > 0) {
            return;
        }
        if (expired == 0) {
            since = sentAt;
        }
        expired++;
    }

    /** Whether several in a row had none, and no other call has had one for some time, and since the first of them was sent. */
    synchronized boolean isSilent() {
        return expired >= EXPIRED && repliedAt - since <= 0 && System.nanoTime() - since >= SILENCE_NANOS;
    }

    /** When the first of those in a row was sent. */
    synchronized long since() {
        return since;
    }

    /** Whether the node may be left now. */
    synchronized boolean mayLeave() {
        long wait = repliedAt - leftAt > 0 ? Math.min(pause, FIRST_PAUSE_NANOS) : pause;
        return System.nanoTime() - leftAt >= wait;
    }

    synchronized void left() {
        boolean hadReplies = pause == 0 || repliedAt - leftAt > 0;
        pause = hadReplies ? FIRST_PAUSE_NANOS : Math.min(2 * pause, LONGEST_PAUSE_NANOS);
        leftAt = System.nanoTime();
        expired = 0;
    }
}
