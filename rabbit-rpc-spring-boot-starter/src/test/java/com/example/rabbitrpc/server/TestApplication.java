package com.example.rabbitrpc.server;

import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import java.math.BigInteger;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.core.QueueBuilder;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;

/** An application with one listener: Fibonacci numbers, which take as long as they are large. */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
class TestApplication {

    /** From here on a number takes time: 50 ns for each one more. */
    private static final int SLOW_FROM = 50_000;

    @Bean
    Queue requests(@Value("${test.queue}") String name, @Value("${test.queue-type:classic}") String type) {
        QueueBuilder queue = QueueBuilder.durable(name);
        return type.equals("quorum") ? queue.quorum().build() : queue.build();
    }

    @Bean
    IntFunction<String> function() {
        return TestApplication::fibonacci;
    }

    @Bean
    Listener listener(IntFunction<String> function, @Value("${test.max-n:1000000}") int maxN) {
        return new Listener(function, maxN);
    }

    static String fibonacci(int n) {
        if (n >= SLOW_FROM) {
            long end = System.nanoTime() + n * 50L;
            for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
                LockSupport.parkNanos(Math.min(left, TimeUnit.SECONDS.toNanos(1)));
            }
            return "7".repeat(n / 5);
        }
        BigInteger current = BigInteger.ZERO;
        BigInteger next = BigInteger.ONE;
        for (int i = 0; i < n; i++) {
            BigInteger sum = current.add(next);
            current = next;
            next = sum;
        }
        return current.toString();
    }

    static final class Listener {

        private final IntFunction<String> function;
        private final int maxN;

        Listener(IntFunction<String> function, int maxN) {
            this.function = function;
            this.maxN = maxN;
        }

        @RabbitListener(queues = "${test.queue}", containerFactory = "rpcListenerContainerFactory")
        String onRequest(int n) {
            if (n > maxN) {
                throw new RpcException(RpcStatus.OUT_OF_RANGE, "n must not be above " + maxN + ".");
            }
            return function.apply(n);
        }
    }
}
