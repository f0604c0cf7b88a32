package com.example.rabbitrpc.server;

import java.nio.charset.StandardCharsets;
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
import tools.jackson.databind.json.JsonMapper;

/** From a request's bytes to n. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RequestReaderBenchmark {

    private final RequestReader reader = new RequestReader(JsonMapper.shared(), 1024);

    private final Message fromGateway = request("text/plain");
    private final Message withCharset = request("text/plain; charset=UTF-8");

    private static Message request(String contentType) {
        MessageProperties properties = new MessageProperties();
        properties.setContentType(contentType);
        return new Message("123456".getBytes(StandardCharsets.US_ASCII), properties);
    }

    @Benchmark
    public Object fromGateway() {
        return reader.read(fromGateway, int.class);
    }

    @Benchmark
    public Object withCharset() {
        return reader.read(withCharset, int.class);
    }
}
