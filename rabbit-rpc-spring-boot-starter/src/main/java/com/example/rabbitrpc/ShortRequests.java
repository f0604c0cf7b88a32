package com.example.rabbitrpc;

import org.springframework.amqp.core.Message;

/**
 * Says which requests are answered in microseconds. The thread that reads from the broker answers those itself: to wake a
 * worker for one costs more than to compute it. Only the application can know, so with no bean of this type every request
 * goes to a worker.
 *
 * <p>While a request is answered so, its connection reads nothing. A connection that has read nothing for 10 s is closed,
 * and its requests are delivered again.
 */
@FunctionalInterface
public interface ShortRequests {

    /**
     * Whether this request is answered in microseconds, without a wait of any kind.
     *
     * @param request as it came: its body, its headers, and its queue as {@code consumerQueue}
     */
    boolean isShort(Message request);
}
