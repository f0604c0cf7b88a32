package com.example.fib.server;

import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import java.util.concurrent.Semaphore;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/** The function behind the queue. */
@Component
class FibonacciListener {

    /** For each digit, from computing it (4, measured) to the last copy of it on its way out. */
    private static final int BYTES_A_DIGIT = 8;

    private final int maxN;

    /** In kB, half of the heap: what is computed at once must fit in there. */
    private final Semaphore memory;

    @Autowired
    FibonacciListener(FibSettings settings) {
        this(settings.maxN(), Runtime.getRuntime().maxMemory());
    }

    FibonacciListener(int maxN, long heap) {
        this.maxN = maxN;
        int half = (int) Math.min(Integer.MAX_VALUE, heap / 2 / 1024);
        if (kilobytes(maxN) > half) {
            throw new IllegalStateException("fib.max-n=" + maxN + " takes " + kilobytes(maxN) / 1024
                    + " MB for one number, and half of this heap is " + half / 1024
                    + " MB. Lower it, or give this server more memory.");
        }
        this.memory = new Semaphore(half);
    }

    /** fib(n) in decimal digits. */
    @RabbitListener(
            id = "fib",
            queues = "${fib.queue.name:rpc_queue}",
            containerFactory = "rpcListenerContainerFactory")
    String fibonacci(int n) {
        if (n > maxN) {
            throw new RpcException(RpcStatus.OUT_OF_RANGE, "n must not be above " + maxN + ".");
        }
        int needed = kilobytes(n);
        if (!memory.tryAcquire(needed)) {
            throw new RpcException(
                    RpcStatus.RESOURCE_EXHAUSTED, "The server has no memory left for so large a number at the moment.");
        }
        try {
            return Fibonacci.digits(n);
        } finally {
            memory.release(needed);
        }
    }

    /** fib(n) has 0.209 n digits. */
    private static int kilobytes(int n) {
        return (int) (n * 209L * BYTES_A_DIGIT / 1_000 / 1024);
    }
}
