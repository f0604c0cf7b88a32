package com.example.fib.gateway;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.catalina.connector.ClientAbortException;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * Answers too long for the buffers on the way are held until their callers have read them, and on JDK 17 a thread each, too. Those
 * that read slowly are no reason to run out of either: there is a limit of bytes and of answers, and of time.
 */
@Component
final class LongAnswers {

    /** What the web server takes at once, however slowly it is read. */
    private static final int SHORT = 8 << 10;

    private static final int PIECE = 64 << 10;
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final long bytes;
    private final int all;
    private final Semaphore free;

    @Autowired
    LongAnswers(GatewaySettings settings) {
        this(Runtime.getRuntime().maxMemory() / 4, Math.max(1, settings.maxInFlight() / 2));
    }

    LongAnswers(long bytes, int answers) {
        this.bytes = bytes;
        this.all = answers;
        this.free = new Semaphore(answers);
    }

    /** The share that an answer takes, to be given back. Throws where there is not so much. */
    int hold(int length) {
        int share = length <= SHORT ? 0 : (int) Math.min(all, 1 + length * (long) all / bytes);
        if (!free.tryAcquire(share)) {
            throw new RpcException(Problem.OVERLOADED, "As many long answers as there may be are still being read.");
        }
        return share;
    }

    void giveBack(int share) {
        free.release(share);
    }

    /** Ends the connection of a caller who takes too long. */
    static void write(byte[] answer, OutputStream caller) throws IOException {
        long start = System.nanoTime();
        for (int at = 0; at < answer.length; at += PIECE) {
            if (System.nanoTime() - start > LONGEST_NANOS) {
                throw new ClientAbortException("The answer was not read within 30 s");
            }
            caller.write(answer, at, Math.min(PIECE, answer.length - at));
        }
    }
}
