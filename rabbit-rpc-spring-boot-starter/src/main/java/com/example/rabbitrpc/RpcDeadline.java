package com.example.rabbitrpc;

import java.time.Duration;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessagePostProcessor;

/**
 * How long one call may take in all, instead of {@code rabbit.rpc.client.deadline}:
 *
 * <pre>{@code
 * template.convertSendAndReceive("quotes", order, RpcDeadline.in(Duration.ofMillis(300)));
 * }</pre>
 *
 * <p>The time begins when this object is made. In the message it is the {@code expiration}, in milliseconds.
 */
public final class RpcDeadline implements MessagePostProcessor {

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final long end;

    private RpcDeadline(long end) {
        this.end = end;
    }

    /**
     * This long from now on.
     *
     * @throws IllegalArgumentException if the time is below a millisecond or above ten minutes
     */
    public static RpcDeadline in(Duration time) {
        if (time.compareTo(Duration.ofMillis(1)) < 0 || time.compareTo(Duration.ofMinutes(10)) > 0) {
            throw new IllegalArgumentException("A deadline is from 1 ms to 10 min, and not " + time);
        }
        return at(System.nanoTime() + time.toNanos());
    }

    /** At that moment, by {@link System#nanoTime()}. Use it where the call is a part of work that began before. */
    public static RpcDeadline at(long nanoTime) {
        return new RpcDeadline(nanoTime);
    }

    @Override
    public Message postProcessMessage(Message request) {
        long left = Math.max(0, (end - System.nanoTime()) / NANOS_PER_MILLI);
        request.getMessageProperties().setExpiration(Long.toString(left));
        return request;
    }
}
