package com.example.rabbitrpc.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.example.rabbitrpc.NoServerException;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcHeaders;
import com.example.rabbitrpc.RpcStatus;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.core.Message;

/** The one place where a reply's status decides whether it is a result. */
final class ReplyStatus {

    private static final Logger log = LoggerFactory.getLogger(ReplyStatus.class);
    private static final int LONGEST_DETAIL = 500;
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final AtomicLong nextLine = new AtomicLong(System.nanoTime());

    private ReplyStatus() {}

    /** Throws what a failure reply says. What is INTERNAL to a server is for this log, and for no caller. */
    static void requireOk(Message reply) {
        // The tutorial's servers send no status: absent means OK.
        Object told = reply.getMessageProperties().getHeader(RpcHeaders.STATUS);
        if (told == null || told.equals("OK")) {
            return;
        }
        RpcStatus status = statusOf(told.toString());
        if (status == RpcStatus.INTERNAL) {
            log(told, reply);
            throw new RpcException(RpcStatus.INTERNAL, "The server failed.");
        }
        String sentence = sentence(reply, LONGEST_DETAIL);
        String detail = sentence.isEmpty() ? "The server said " + status + "." : sentence;
        throw status == RpcStatus.UNAVAILABLE ? new NoServerException(detail, null) : new RpcException(status, detail);
    }

    private static RpcStatus statusOf(String name) {
        for (RpcStatus status : RpcStatus.values()) {
            if (status != RpcStatus.OK && status.name().equals(name)) {
                return status;
            }
        }
        return RpcStatus.INTERNAL; // one that is not known
    }

    /** One line a second at most: a server that fails may fail each call. */
    private static void log(Object told, Message reply) {
        long now = System.nanoTime();
        long next = nextLine.get();
        if (now - next >= 0 && nextLine.compareAndSet(next, now + PAUSE_NANOS)) {
            log.info(
                    "A server failed: {} for call {}: {}",
                    LogText.line(told.toString()),
                    LogText.line(String.valueOf(reply.getMessageProperties().getCorrelationId())),
                    sentence(reply, LONGEST_DETAIL));
        }
    }

    private static String sentence(Message reply, int longest) {
        byte[] body = reply.getBody();
        return LogText.line(new String(body, 0, Math.min(body.length, longest), UTF_8));
    }
}
