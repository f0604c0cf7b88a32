package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.Fuzz;
import com.rabbitmq.client.AMQP.BasicProperties;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Replies at random: digits, or a failure that the contract knows. The library's own are in every run. */
@Tag("faults")
@SuppressWarnings("JavaUtilDate") // what the client makes of an AMQP timestamp
class ReplyFuzzTests extends FuzzedGateway {

    /** Over the broker, with properties that no library sets. */
    @Test
    void answersWhateverTheReplyIs() {
        inputs = Fuzz.run(random -> {
            BasicProperties properties = properties(random);
            byte[] body = body(random);
            handler = (self, request) ->
                    self.reply(request, request.getProperties().getCorrelationId(), properties.builder(), body);
            HttpResponse<String> response = get("/fib/30");
            String text = new String(body, ISO_8859_1);
            String status = String.valueOf(properties.getHeaders().getOrDefault("x-rpc-status", "OK"));
            assertThat(response.statusCode())
                    .as("%s to %s", response.body(), properties)
                    .isEqualTo(
                            switch (status) {
                                case "OK" -> text.matches("[0-9]+") ? 200 : 502;
                                case "INVALID_ARGUMENT", "OUT_OF_RANGE" -> 400;
                                case "RESOURCE_EXHAUSTED" -> 503;
                                case "DEADLINE_EXCEEDED" -> 504;
                                default -> 502;
                            });
            if (response.statusCode() == 200) {
                assertThat(response.body()).isEqualTo(text);
            }
        });
    }

    private static BasicProperties properties(SplittableRandom random) {
        return new BasicProperties.Builder()
                .headers(headers(random))
                .contentType(orNone(random, Fuzz.oneOf(random, "text/plain", "gzip", shortText(random))))
                .contentEncoding(orNone(random, Fuzz.oneOf(random, "gzip", "zip", "utf-16", shortText(random))))
                .deliveryMode(orNone(random, random.nextInt(1, 3)))
                .priority(orNone(random, random.nextInt(256)))
                .replyTo(orNone(random, Fuzz.oneOf(random, "a/b", shortText(random))))
                .messageId(orNone(random, shortText(random)))
                .timestamp(orNone(random, new Date(random.nextLong() >>> 12)))
                .type(orNone(random, shortText(random)))
                .appId(orNone(random, shortText(random)))
                .build();
    }

    private static <T> @Nullable T orNone(SplittableRandom random, T value) {
        return random.nextBoolean() ? value : null;
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
                Fuzz.bytes(random, 100),
                Fuzz.text(random, 800).getBytes(UTF_8));
    }
}
