package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatNoException;

import com.example.fib.broker.Fuzz;
import com.example.fib.broker.RawClient;
import com.example.fib.broker.TestBroker;
import com.example.fib.broker.WireClient;
import com.example.rabbitrpc.RpcException;
import com.rabbitmq.client.impl.AMQImpl;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.SocketException;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.json.JsonMapper;

/** Requests at random: read as the contract says, or refused as it says, and the next one is answered. */
@ExtendWith(OutputCaptureExtension.class)
class FuzzTests {

    private static final int CONTENT_TYPE = 1 << 15;
    private static final int CONTENT_ENCODING = 1 << 14;
    private static final int HEADERS = 1 << 13;
    private static final int CORRELATION_ID = 1 << 10;
    private static final int REPLY_TO = 1 << 9;

    private final RequestReader reader = new RequestReader(JsonMapper.shared(), 1024);

    @Test
    void readsANumberOrRefuses() {
        Fuzz.run(random -> {
            byte[] body = body(random);
            MessageProperties properties = new MessageProperties();
            properties.setContentType(contentType(random));
            properties.setContentEncoding(contentEncoding(random));
            String text = new String(body, ISO_8859_1);
            boolean digits = text.matches("[0-9]{1,20}");
            BigInteger number = digits ? new BigInteger(text) : BigInteger.ZERO;
            String outcome;
            try {
                outcome = reader.read(new Message(body, properties), int.class).toString();
            } catch (RpcException ex) {
                outcome = ex.status().name();
            }
            switch (outcome) {
                case "INVALID_ARGUMENT" ->
                    assertThat(digits
                                    && properties.getContentType().isEmpty()
                                    && properties.getContentEncoding() == null)
                            .isFalse();
                case "OUT_OF_RANGE" -> assertThat(number).isGreaterThan(BigInteger.valueOf(Integer.MAX_VALUE));
                default -> {
                    assertThat(digits).as(text).isTrue();
                    assertThat(outcome).isEqualTo(number.toString());
                    assertThat(number).isLessThanOrEqualTo(BigInteger.valueOf(Integer.MAX_VALUE));
                }
            }
        });
    }

    /** Whatever is in a message's headers: what is left of them the client can read, or it closes the connection. */
    @Test
    void leavesTheClientOnlyWhatItCanRead() {
        Fuzz.run(random -> {
            byte[] payload =
                    header(random.nextInt(), properties(random, HEADERS)).getBytes(ISO_8859_1);

            byte[] safe = new ContentHeader(payload, 1024).safe();

            assertThatCode(() -> AMQImpl.readContentHeaderFrom(new DataInputStream(new ByteArrayInputStream(safe))))
                    .doesNotThrowAnyException();
        });
    }

    @Test
    void answersOrDropsEachOnceAndServesTheNext(CapturedOutput output) throws Exception {
        String inputs;
        try (TestServer server = TestServer.start(TestBroker.shared(), "rabbit.rpc.server.workers=2");
                RawClient honest = new RawClient(TestBroker.shared());
                Hostile hostile = new Hostile()) {
            String replies = honest.channel.queueDeclare().getQueue();
            int consumers = server.consumersStarted();
            inputs = Fuzz.run(random -> {
                int flags = random.nextInt(1 << 16) & (CONTENT_TYPE | CONTENT_ENCODING | HEADERS);
                flags |= random.nextInt(50) == 0 ? 0 : CORRELATION_ID;
                // Each that is dropped is a line in the log.
                String to = random.nextInt(50) == 0 ? latin(random, 256) : replies;
                String properties = properties(random, flags) + WireClient.shortString(to);
                hostile.publish(server.queue(), flags | REPLY_TO, properties, new String(body(random), ISO_8859_1));
                if (random.nextInt(10) == 0) {
                    assertThat(RawClient.body(honest.call(server.queue(), "10")))
                            .isEqualTo("55");
                }
            });
            assertThatNoException().as(inputs).isThrownBy(() -> assertThat(
                            RawClient.body(honest.call(server.queue(), "10")))
                    .isEqualTo("55"));
            Awaitility.await().atMost(5, TimeUnit.SECONDS).untilAsserted(() -> {
                int answered = server.count("rabbitmq.acknowledged");
                int dropped = server.count("rabbitmq.rejected");
                assertThat(answered + dropped)
                        .as("%s answered and %s dropped of %s", answered, dropped, inputs)
                        .isEqualTo(server.count("rabbitmq.consumed"))
                        .isGreaterThan(200);
            });
            assertThat(server.consumersStarted()).as(inputs).isEqualTo(consumers);
        }
        assertThat(output).as(inputs).doesNotContain("\tat ", "ERROR");
    }

    private static byte[] body(SplittableRandom random) {
        byte[] body = random.nextBoolean()
                ? Long.toString(random.nextLong() >>> random.nextInt(64)).getBytes(US_ASCII)
                : Fuzz.bytes(random, 40);
        if (body.length > 0 && random.nextInt(4) == 0) {
            body[random.nextInt(body.length)] = (byte) random.nextInt();
        }
        return body;
    }

    /** None is empty, as RequestPropertiesConverter has it. */
    private static String contentType(SplittableRandom random) {
        if (random.nextInt(3) == 0) {
            return "";
        }
        return Fuzz.oneOf(
                random,
                "text/plain",
                "text/plain; charset=utf-8",
                "text/plain;" + Fuzz.text(random, 20),
                Fuzz.text(random, 60));
    }

    private static @Nullable String contentEncoding(SplittableRandom random) {
        return random.nextBoolean() ? null : Fuzz.oneOf(random, "identity", "gzip", Fuzz.text(random, 20));
    }

    /** Class, weight, body size, flags, properties. */
    private static String header(long size, String properties) {
        return "\0<\0\0" + WireClient.number(size & 0xffff_ffffL, 8) + WireClient.number(HEADERS, 2) + properties;
    }

    /** In the order of their flags; each as long as it says, whatever it holds. */
    private static String properties(SplittableRandom random, int flags) {
        StringBuilder properties = new StringBuilder();
        if ((flags & CONTENT_TYPE) != 0) {
            properties.append(WireClient.shortString(latin(random, 256)));
        }
        if ((flags & CONTENT_ENCODING) != 0) {
            properties.append(WireClient.shortString(latin(random, 256)));
        }
        if ((flags & HEADERS) != 0) {
            properties.append(WireClient.longString(table(random, 0)));
        }
        if ((flags & CORRELATION_ID) != 0) {
            properties.append(WireClient.shortString(latin(random, 256)));
        }
        return properties.toString();
    }

    private static String table(SplittableRandom random, int depth) {
        StringBuilder table = new StringBuilder();
        for (int i = random.nextInt(5); i > 0; i--) {
            String name = Fuzz.oneOf(random, "x-deadline", "traceparent", "tracestate", latin(random, 30));
            table.append(WireClient.shortString(name)).append(value(random, depth));
        }
        return random.nextInt(20) == 0 ? damaged(random, table) : table.toString();
    }

    private static String value(SplittableRandom random, int depth) {
        char type = "VtbBsuIiflDdTSxFA".charAt(random.nextInt(depth < 24 ? 17 : 15));
        return type
                + switch (type) {
                    case 'V' -> "";
                    case 't', 'b', 'B' -> number(random, 1);
                    case 's', 'u' -> number(random, 2);
                    case 'I', 'i', 'f' -> number(random, 4);
                    case 'D' -> number(random, 5);
                    case 'l', 'd', 'T' -> number(random, 8);
                    case 'F' -> WireClient.longString(table(random, depth + 1));
                    case 'A' -> WireClient.longString(value(random, depth + 1));
                    default -> WireClient.longString(latin(random, 300));
                };
    }

    private static String number(SplittableRandom random, int bytes) {
        return WireClient.number(random.nextLong(), bytes);
    }

    private static String damaged(SplittableRandom random, StringBuilder text) {
        for (int i = random.nextInt(4); i >= 0 && !text.isEmpty(); i--) {
            text.setCharAt(random.nextInt(text.length()), (char) random.nextInt(256));
        }
        text.setLength(random.nextInt(text.length() + 1));
        return text.toString();
    }

    /** Strings stand for bytes. */
    private static String latin(SplittableRandom random, int bound) {
        return new String(Fuzz.bytes(random, bound), ISO_8859_1);
    }

    /** Connects again when the broker has closed the connection over a message that even it does not take. */
    private static final class Hostile implements AutoCloseable {

        private WireClient client = new WireClient(TestBroker.shared());

        Hostile() throws IOException {}

        void publish(String queue, int flags, String properties, String body) throws IOException {
            if (client.isClosed()) {
                client.close();
                client = new WireClient(TestBroker.shared());
            }
            try {
                client.publish(queue, flags, properties, body);
            } catch (SocketException ex) {
                // Closed while it was written: the next one has a connection again.
            }
        }

        @Override
        public void close() throws IOException {
            client.close();
        }
    }
}
