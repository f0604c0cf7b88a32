package com.example.fib.gateway.edge;

import com.example.fib.gateway.FibGatewaySettings;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import jakarta.servlet.ServletRequest;
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
public final class LongAnswers {

    /** What the web server takes at once, however slowly it is read. */
    private static final int SHORT = 8 << 10;

    private static final int PIECE = 64 << 10;
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(30);

    private static final String SHARE = LongAnswers.class.getName();

    private final long bytes;
    private final int all;
    private final Semaphore free;

    @Autowired
    LongAnswers(FibGatewaySettings settings) {
        this(Runtime.getRuntime().maxMemory() / 4, Math.max(1, settings.maxInFlight() / 2));
    }

    LongAnswers(long bytes, int answers) {
        this.bytes = bytes;
        this.all = answers;
        this.free = new Semaphore(answers);
    }

    /** Takes a place for the answer to a request, until that has ended. Throws where there is none. */
    public void hold(ServletRequest request, int length) {
        int share = hold(length);
        if (share > 0) {
            request.setAttribute(SHARE, share);
        }
    }

    /** Gives back the place that the answer to a request had, if it had one. */
    public void giveBack(ServletRequest request) {
        if (request.getAttribute(SHARE) instanceof Integer share) {
            request.removeAttribute(SHARE);
            giveBack(share);
        }
    }

    /** The share that an answer takes, to be given back. Throws where there is not so much. */
    int hold(int length) {
        int share = length <= SHORT ? 0 : (int) Math.min(all, 1 + length * (long) all / bytes);
        if (!free.tryAcquire(share)) {
            throw new RpcException(
                    RpcStatus.RESOURCE_EXHAUSTED, "As many long answers as there may be are still being read.");
        }
        return share;
    }

    void giveBack(int share) {
        free.release(share);
    }

    /** Ends the connection of a caller who takes too long. */
    public static void write(byte[] answer, OutputStream caller) throws IOException {
        long start = System.nanoTime();
        for (int at = 0; at < answer.length; at += PIECE) {
            if (System.nanoTime() - start > LONGEST_NANOS) {
                throw new ClientAbortException("The answer was not read within 30 s");
            }
            caller.write(answer, at, Math.min(PIECE, answer.length - at));
        }
    }
}
