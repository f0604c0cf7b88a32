package com.example.rabbitrpc.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.Fuzz;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcReply;
import com.rabbitmq.client.AMQP.BasicProperties;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.support.converter.MessageConversionException;
import org.springframework.core.ParameterizedTypeReference;
import tools.jackson.databind.json.JsonMapper;

/** Replies at random, as any type: a result of that type, or a failure in a sentence. */
@SuppressWarnings("JavaUtilDate") // what the client makes of an AMQP timestamp
class ReplyFuzzTests {

    private static final List<ParameterizedTypeReference<? extends RpcReply<?>>> TYPES = List.of(
            new ParameterizedTypeReference<RpcReply<byte[]>>() {},
            new ParameterizedTypeReference<RpcReply<String>>() {},
            new ParameterizedTypeReference<RpcReply<Integer>>() {},
            new ParameterizedTypeReference<RpcReply<BigInteger>>() {},
            new ParameterizedTypeReference<RpcReply<List<Pair>>>() {},
            new ParameterizedTypeReference<RpcReply<Object>>() {});

    record Pair(int a, String b) {}

    private final RpcMessageConverter converter = new RpcMessageConverter(JsonMapper.shared());

    @Test
    void convertsAReplyOrSaysWhatIsWrong() {
        var unused = Fuzz.run(random -> {
            BasicProperties properties = new BasicProperties.Builder()
                    .headers(headers(random))
                    .correlationId(Fuzz.text(random, 60))
                    .contentType(orNone(
                            random,
                            Fuzz.oneOf(
                                    random,
                                    "text/plain",
                                    "application/json",
                                    "application/x-java-serialized-object",
                                    shortText(random))))
                    .contentEncoding(orNone(random, Fuzz.oneOf(random, "gzip", shortText(random))))
                    .build();
            Message reply = new Message(body(random), ReplyPropertiesConverter.toMessageProperties(properties));
            try {
                ReplyStatus.requireOk(reply);
                RpcReply<?> read = (RpcReply<?>) converter.fromMessage(reply, TYPES.get(random.nextInt(TYPES.size())));
                assertThat(read.body()).isNotNull();
                assertThat(String.valueOf(read.server())).matches("[\\x21-\\x7e]+");
                assertThat(String.valueOf(read.correlationId())).matches("[\\x21-\\x7e]+");
                assertThat(read.computeTime() == null || !read.computeTime().isNegative())
                        .isTrue();
            } catch (RpcException ex) {
                assertThat(ex.detail())
                        .isNotBlank()
                        .hasSizeLessThanOrEqualTo(500)
                        .doesNotContain("\n", "\r");
            } catch (MessageConversionException ex) {
                assertThat(ex).hasMessageNotContaining("java.lang");
            }
        });
    }

    private static <T> @Nullable T orNone(SplittableRandom random, T value) {
        return random.nextInt(4) > 0 ? value : null;
    }

    private static String shortText(SplittableRandom random) {
        return Fuzz.text(random, 60).replaceAll("[\\ud800-\\udfff]", "?");
    }

    private static Map<String, Object> headers(SplittableRandom random) {
        Map<String, Object> headers = new HashMap<>();
        headers.put("x-rpc-status", Fuzz.oneOf(random, "OK", "OK", "INTERNAL", "OUT_OF_RANGE", "RESOURCE_EXHAUSTED"));
        headers.put("x-rpc-server", value(random, 0));
        headers.put("x-rpc-compute-us", Fuzz.oneOf(random, 5L, random.nextLong(), value(random, 0)));
        headers.put(Fuzz.oneOf(random, "x-rpc-status", "x-death", "__TypeId__", shortText(random)), value(random, 0));
        headers.remove(Fuzz.oneOf(random, "x-rpc-status", "x-rpc-server", "x-rpc-compute-us"));
        return headers;
    }

    private static Object value(SplittableRandom random, int depth) {
        return switch (random.nextInt(depth < 5 ? 10 : 8)) {
            case 0 -> random.nextInt();
            case 1 -> random.nextLong();
            case 2 -> random.nextDouble();
            case 3 -> random.nextBoolean();
            case 4 -> Fuzz.bytes(random, 20);
            case 5 -> BigDecimal.valueOf(random.nextInt(), random.nextInt(5));
            case 6 -> new Date(random.nextInt() * 1000L);
            case 7 -> shortText(random);
            case 8 -> List.of(value(random, depth + 1));
            default -> Map.of("k", value(random, depth + 1));
        };
    }

    private static byte[] body(SplittableRandom random) {
        return Fuzz.oneOf(
                random,
                Long.toString(random.nextLong() >>> 1).getBytes(US_ASCII),
                "[{\"a\":1,\"b\":\"x\"}]".getBytes(US_ASCII),
                "[".repeat(random.nextInt(100_000)).getBytes(US_ASCII),
                Fuzz.bytes(random, 100),
                Fuzz.text(random, 800).getBytes(UTF_8));
    }
}
