package com.example.fib.server;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;

/** From a request's bytes to n. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RequestReaderBenchmark {

    private final RequestReader reader = new RequestReader(
            new ServerSettings(
                    1_000_000, 8, null, null, new ServerSettings.Queue("rpc_queue", ServerSettings.Type.CLASSIC, true)),
            Clock.systemUTC());

    private final Message fromGateway = request("text/plain");
    private final Message withCharset = request("text/plain; charset=UTF-8");

    private static Message request(String contentType) {
        MessageProperties properties = new MessageProperties();
        properties.setContentType(contentType);
        properties.setHeader(RpcContract.DEADLINE, Long.MAX_VALUE);
        return new Message("123456".getBytes(StandardCharsets.US_ASCII), properties);
    }

    @Benchmark
    public int fromGateway() {
        return reader.read(fromGateway);
    }

    @Benchmark
    public int withCharset() {
        return reader.read(withCharset);
    }
}
