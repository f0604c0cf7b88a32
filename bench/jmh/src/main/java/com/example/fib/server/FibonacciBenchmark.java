package com.example.fib.server;

import java.math.BigInteger;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The function, and from its result to decimal digits: what a large n pays for. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class FibonacciBenchmark {

    @Param({"90", "10000", "100000", "1000000"})
    int n;

    private BigInteger value = BigInteger.ZERO;

    @Setup
    public void compute() {
        value = Fibonacci.of(n);
    }

    @Benchmark
    public Object function() {
        return Fibonacci.of(n);
    }

    @Benchmark
    public Object digits() {
        return value.toString();
    }
}
