package com.example.fib.gateway;

import com.example.rabbitrpc.client.RpcTemplate;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.Message;

/** Stands where the queue would be: gives the reply, the failure or the silence that a test sets. */
class CannedReplies extends RpcTemplate {

    volatile @Nullable Message reply;
    volatile @Nullable RuntimeException failure;
    volatile Message request = new Message(new byte[0]);
    final AtomicInteger requests = new AtomicInteger();
    private volatile CountDownLatch held = new CountDownLatch(0);
    private volatile CountDownLatch arrived = new CountDownLatch(0);

    CannedReplies(int maxInFlight) {
        super(new Limits(maxInFlight, Integer.MAX_VALUE, Duration.ZERO, 0));
    }

    /** Starts a call and returns once it waits for its reply, which comes with {@link #release()}. */
    <T> T hold(Supplier<T> call) throws InterruptedException {
        held = new CountDownLatch(1);
        arrived = new CountDownLatch(1);
        T started = call.get();
        if (!arrived.await(10, TimeUnit.SECONDS)) {
            throw new IllegalStateException("The call has not arrived");
        }
        return started;
    }

    void release() {
        held.countDown();
    }

    @Override
    protected @Nullable Message exchange(Message message, Object call) {
        request = message;
        requests.incrementAndGet();
        arrived.countDown();
        try {
            if (!held.await(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("Held for too long");
            }
        } catch (InterruptedException ex) {
            throw new IllegalStateException(ex);
        }
        RuntimeException toThrow = failure;
        if (toThrow != null) {
            throw toThrow;
        }
        return reply;
    }
}
