package com.example.fib.gateway;

import java.util.Arrays;
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
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;

/** From n to a request, and from a reply to what the response holds. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ReplyConverterBenchmark {

    /** The replies to n = 90, and about those to 100,000 and 1,000,000. */
    @Param({"19", "20899", "208988"})
    int digits;

    private final ReplyConverter converter = new ReplyConverter();
    private Message reply = new Message(new byte[0]);

    @Setup
    public void reply() {
        byte[] body = new byte[digits];
        Arrays.fill(body, (byte) '7');
        MessageProperties properties = new MessageProperties();
        properties.setHeader(RpcContract.STATUS_HEADER, "OK");
        properties.setHeader(RpcContract.SERVER_HEADER, "server-1");
        properties.setHeader(RpcContract.COMPUTE_HEADER, 42L);
        reply = new Message(body, properties);
    }

    @Benchmark
    public Object fromReply() {
        return converter.fromMessage(reply);
    }

    @Benchmark
    public Object toRequest() {
        return converter.toMessage(90L, new MessageProperties());
    }
}
