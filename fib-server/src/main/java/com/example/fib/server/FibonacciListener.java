package com.example.fib.server;

import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.stereotype.Component;

/** The function behind the queue. */
@Component
class FibonacciListener {

    private final int maxN;

    FibonacciListener(FibSettings settings) {
        this.maxN = settings.maxN();
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
        return Fibonacci.digits(n);
    }
}
