package com.example.rabbitrpc.server;

import com.rabbitmq.client.impl.AMQConnection;
import com.rabbitmq.client.impl.FrameHandler;
import com.rabbitmq.client.impl.SocketFrameHandler;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.task.support.ExecutorServiceAdapter;

/**
 * The thread that reads from one connection. It takes messages to their listener by itself, as waking another thread for it
 * costs more. What it writes meanwhile goes out once it has nothing left to read. All else that comes from the broker, such
 * as a consumer's end, is another thread's: that may wait for an answer, which this thread would have to read.
 */
final class ReadingThread {

    private static final Logger log = LoggerFactory.getLogger(ReadingThread.class);

    /** Two heartbeats. It may wait in a write to a broker that does not read, and then nobody else would notice. */
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final ThreadLocal<@Nullable ReadingThread> CURRENT = new ThreadLocal<>();

    private final FrameHandler socket;
    private final @Nullable InputStream input;

    private @Nullable Thread thread;
    private boolean hasMessage;
    private boolean unflushed;
    private volatile long busySince;
    private volatile @Nullable AMQConnection connection;

    ReadingThread(FrameHandler socket) {
        this.socket = socket;
        this.input = socket instanceof SocketFrameHandler known ? known.getInputStream() : null;
    }

    /** An executor for what was read: it runs messages where they were read, and leaves the rest to the given one. */
    static ExecutorService before(ExecutorService others) {
        return new ExecutorServiceAdapter(task -> {
            ReadingThread reading = CURRENT.get();
            if (reading != null && reading.hasMessage) {
                reading.run(task);
            } else {
                others.execute(task);
            }
        });
    }

    private void run(Runnable task) {
        busySince = System.nanoTime() | 1; // never 0
        try {
            task.run();
        } finally {
            busySince = 0;
        }
    }

    void serves(AMQConnection opened) {
        connection = opened;
    }

    /** To be called before it reads. */
    void reads() throws IOException {
        if (thread != Thread.currentThread()) {
            thread = Thread.currentThread();
            CURRENT.set(this);
        }
        hasMessage = false;
        if (unflushed && (input == null || input.available() == 0)) {
            unflushed = false;
            socket.flush(null);
        }
    }

    /** It has read a part of a message. */
    void hasRead() {
        hasMessage = true;
    }

    /** Whether what is to be flushed now can wait until the next read. */
    boolean flushesLater() {
        if (input == null || thread != Thread.currentThread()) {
            return false;
        }
        unflushed = true;
        return true;
    }

    /** Ends the connection where this thread has not come back to it. To be called often, by another thread. */
    void endIfStuck() {
        long since = busySince;
        if (since != 0 && System.nanoTime() - since > LONGEST_NANOS) {
            log.warn(
                    "A connection is closed, as nothing was read from it for 10 s: a request that was said to be short is"
                            + " not, or the broker takes no replies");
            busySince = 0;
            socket.close(); // which ends a write
            AMQConnection stuck = connection;
            if (stuck != null) {
                // Tells all others, as this thread would.
                stuck.shutdown(null, false, new SocketTimeoutException("Nothing was read for 10 s"), true);
            }
        }
    }
}
