package com.example.fib.server;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** fib(n) in digits by either way of computing: where they cross is {@code Fibonacci.APFLOAT_FROM}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class FibonacciBenchmark {

    @Param({"90", "10000", "100000", "400000", "700000", "800000", "1000000"})
    int n;

    @Benchmark
    public Object limbs() {
        return Fibonacci.inLimbs(n);
    }

    @Benchmark
    public Object apfloat() {
        return Fibonacci.inApfloat(n);
    }
}
