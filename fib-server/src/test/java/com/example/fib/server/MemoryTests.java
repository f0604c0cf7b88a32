package com.example.fib.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Numbers that are too large for the heap, one by one or together. */
class MemoryTests {

    private static final int N = 3_000_000; // 5 MB

    @Test
    void refusesALimitThatTheHeapCannotHold() {
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> new FibonacciListener(Integer.MAX_VALUE, 512L << 20))
                .withMessage("fib.max-n=2147483647 takes 3424 MB for one number, and half of this heap is 256 MB."
                        + " Lower it, or give this server more memory.");
        assertThat(new FibonacciListener(1_000_000, 16L << 20).fibonacci(30)).isEqualTo("832040");
    }

    @Test
    void refusesWhatDoesNotFitBesideOthersAndComputesItLater() throws Exception {
        FibonacciListener listener = new FibonacciListener(N, 12L << 20);
        CountDownLatch together = new CountDownLatch(4);
        ExecutorService callers = Executors.newFixedThreadPool(4);
        Callable<RpcStatus> call = () -> {
            together.countDown();
            together.await();
            try {
                assertThat(listener.fibonacci(N)).hasSize(626_963);
                return RpcStatus.OK;
            } catch (RpcException ex) {
                return ex.status();
            }
        };
        List<RpcStatus> outcomes = new ArrayList<>();
        for (Future<RpcStatus> outcome : callers.invokeAll(List.of(call, call, call, call))) {
            outcomes.add(outcome.get());
        }
        callers.shutdown();

        assertThat(outcomes)
                .contains(RpcStatus.OK, RpcStatus.RESOURCE_EXHAUSTED)
                .doesNotContain(RpcStatus.INTERNAL);
        assertThat(listener.fibonacci(N)).hasSize(626_963);
    }
}
