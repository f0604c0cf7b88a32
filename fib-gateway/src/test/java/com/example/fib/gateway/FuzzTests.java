package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import com.example.fib.broker.Fuzz;
import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** Replies and HTTP requests at random, as bytes: each has an end that the contract knows, and the next call is answered. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@ExtendWith(OutputCaptureExtension.class)
@SuppressWarnings("JavaUtilDate") // what the client makes of an AMQP timestamp
class FuzzTests {

    private static final String QUEUE = "fib-test-" + UUID.randomUUID();
    /** Those of the contract, but for 500: the gateway itself never fails. */
    private static final Set<Integer> STATUSES =
            Set.of(200, 206, 302, 304, 400, 403, 404, 405, 406, 412, 413, 416, 417, 501, 502, 503, 504, 505);

    private static volatile @Nullable Reply hostile;
    private static Responder server;

    private final HttpClient http = HttpClient.newHttpClient();
    private final ReplyConverter converter = new ReplyConverter();

    private String inputs = "";

    @LocalServerPort
    private int port;

    @SuppressWarnings("ArrayRecordComponent") // bytes that are sent once, and never compared
    private record Reply(BasicProperties properties, byte[] body) {}

    @DynamicPropertySource
    static void broker(DynamicPropertyRegistry registry) {
        TestBroker.shared().properties().forEach((name, value) -> registry.add(name, () -> value));
        registry.add("fib.queue.name", () -> QUEUE);
    }

    @BeforeAll
    static void startServer() throws IOException {
        Connection connection = TestBroker.shared().connect();
        Channel replies = connection.createChannel();
        server = new Responder(connection, QUEUE, (self, request) -> {
            self.requests().clear();
            Reply reply = hostile;
            if (reply == null) {
                self.reply(request, "832040".getBytes(US_ASCII));
            } else {
                replies.basicPublish(
                        "",
                        request.getProperties().getReplyTo(),
                        reply.properties()
                                .builder()
                                .correlationId(request.getProperties().getCorrelationId())
                                .build(),
                        reply.body());
            }
        });
    }

    @AfterAll
    static void stopServer() throws Exception {
        try (Connection connection = TestBroker.shared().connect();
                Channel channel = connection.createChannel()) {
            channel.queueDelete(QUEUE);
        }
        server.close();
    }

    @AfterEach
    void answersTheNext(CapturedOutput output) {
        hostile = null;
        assertThatNoException()
                .as(inputs)
                .isThrownBy(() -> assertThat(get("/fib/30").body()).isEqualTo("832040"));
        assertThat(output).as(inputs).doesNotContain(" ERROR ", " WARN ", "\tat ");
    }

    @Test
    void convertsAReplyOrSaysWhatIsWrong() {
        inputs = Fuzz.run(random -> {
            MessageProperties properties = new MessageProperties();
            headers(random).forEach(properties::setHeader);
            properties.setCorrelationId(Fuzz.text(random, 200));
            byte[] body = body(random);
            try {
                FibonacciReply reply = converter.fromMessage(new Message(body, properties));
                assertThat(new String(reply.digits(), ISO_8859_1)).matches("[0-9]+");
                assertThat(String.valueOf(reply.server())).matches("[\\x21-\\x7e]+");
                assertThat(String.valueOf(reply.correlationId())).matches("[\\x21-\\x7e]+");
            } catch (RpcException ex) {
                assertThat(ex.detail())
                        .isNotBlank()
                        .hasSizeLessThanOrEqualTo(500)
                        .doesNotContain("\n", "\r");
            }
        });
    }

    /** Over the broker, with properties that no library sets. */
    @Test
    void answersWhateverTheReplyIs() throws Exception {
        Awaitility.await().until(() -> get("/fib/30").statusCode() == 200);
        inputs = Fuzz.run(random -> {
            Reply reply = new Reply(properties(random), body(random));
            hostile = reply;
            HttpResponse<String> response = get("/fib/30");
            String status = String.valueOf(headersOf(reply).getOrDefault("x-rpc-status", "OK"));
            assertThat(response.statusCode())
                    .as("%s to %s", response.body(), reply.properties())
                    .isEqualTo(
                            switch (status) {
                                case "OK" -> new String(reply.body(), ISO_8859_1).matches("[0-9]+") ? 200 : 502;
                                case "INVALID_ARGUMENT", "OUT_OF_RANGE" -> 400;
                                case "RESOURCE_EXHAUSTED" -> 503;
                                case "DEADLINE_EXCEEDED" -> 504;
                                default -> 502;
                            });
            if (response.statusCode() == 200) {
                assertThat(response.body()).isEqualTo(new String(reply.body(), ISO_8859_1));
            }
        });
    }

    @Test
    void answersWhateverIsSaidToItOrCloses() throws Exception {
        Map<Integer, Integer> seen = new TreeMap<>();
        inputs = Fuzz.run(random -> {
            byte[] request = request(random);
            for (int status : statuses(new String(request, ISO_8859_1), exchange(request))) {
                assertThat(STATUSES).as(new String(request, ISO_8859_1)).contains(status);
                seen.merge(status, 1, Integer::sum);
            }
        });
        assertThat(seen).as("not refused altogether: %s", inputs).containsKeys(200, 400, 404, 405);
    }

    private static Map<String, Object> headersOf(Reply reply) {
        Map<String, Object> headers = reply.properties().getHeaders();
        return headers == null ? Map.of() : headers;
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

    private static byte[] request(SplittableRandom random) {
        StringBuilder request = new StringBuilder();
        request.append(Fuzz.oneOf(
                random, "GET", "GET", "GET", "HEAD", "OPTIONS", "POST", "TRACE", "PUT", "x", latin(random, 9)));
        request.append(' ').append(path(random)).append(' ');
        request.append(Fuzz.oneOf(
                random, "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1.2", latin(random, 9)));
        request.append("\r\n").append(Fuzz.oneOf(random, "Host: localhost\r\n", "Host: localhost\r\n", ""));
        for (int i = random.nextInt(Fuzz.oneOf(random, 3, 8, 130)); i > 0; i--) {
            request.append(header(random));
        }
        request.append("\r\n");
        if (random.nextInt(3) == 0) {
            request.append(latin(random, 300));
        }
        byte[] bytes = request.toString().getBytes(ISO_8859_1);
        if (random.nextInt(4) == 0) {
            for (int i = random.nextInt(5); i >= 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
        }
        return bytes;
    }

    private static String path(SplittableRandom random) {
        String path = Fuzz.oneOf(
                random,
                "/fib/30",
                "/fib/" + latin(random, 30),
                "/fib/" + random.nextLong(),
                "/",
                "/page.js",
                "/problems/no-server",
                "/problems/" + latin(random, 12),
                "/actuator/health",
                "/actuator/prometheus",
                "/actuator/" + latin(random, 12),
                "/v3/api-docs",
                "/swagger-ui.html",
                "/swagger-ui/index.html",
                "http://localhost/fib/30",
                "*",
                "/" + latin(random, 60),
                "/%" + latin(random, 3),
                "/a/../fib/30",
                "/fib/30;" + latin(random, 9),
                "/" + "a".repeat(random.nextInt(9_000)));
        return random.nextInt(4) == 0
                ? path + "?"
                        + Fuzz.oneOf(
                                random, "a=%zz", "a".repeat(5_000), "&".repeat(2_000), "format=json", latin(random, 50))
                : path;
    }

    private static String header(SplittableRandom random) {
        String name = Fuzz.oneOf(
                random,
                "Accept",
                "Accept-Language",
                "Accept-Encoding",
                "Prefer",
                "If-None-Match",
                "If-Match",
                "If-Modified-Since",
                "If-Unmodified-Since",
                "Range",
                "Content-Length",
                "Content-Type",
                "Content-Encoding",
                "Transfer-Encoding",
                "Connection",
                "Upgrade",
                "Expect",
                "Host",
                "Origin",
                "Access-Control-Request-Method",
                "Cookie",
                "Authorization",
                "traceparent",
                "tracestate",
                "baggage",
                "Forwarded",
                "X-Forwarded-For",
                "X-HTTP-Method-Override",
                latin(random, 12));
        String value = Fuzz.oneOf(
                random,
                "*/*",
                "application/json",
                "image/png;q=x",
                "wait=1",
                "*",
                "\"fib-30\"",
                "W/\"",
                "Thu, 01 Jan 1970 00:00:00 GMT",
                "bytes=0-1",
                "bytes=5-1,9-",
                Integer.toString(random.nextInt(400)),
                Long.toString(random.nextLong()),
                "chunked",
                "gzip",
                "close",
                "100-continue",
                "websocket",
                "text/plain; charset=nonsense",
                "multipart/form-data",
                "application/x-www-form-urlencoded",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "null",
                "https://a.example",
                latin(random, 40),
                "x".repeat(random.nextInt(500)));
        return name + Fuzz.oneOf(random, ": ", ":", " : ") + value + Fuzz.oneOf(random, "\r\n", "\r\n", "\n");
    }

    /** Strings stand for bytes. */
    private static String latin(SplittableRandom random, int bound) {
        String text = new String(Fuzz.bytes(random, bound), ISO_8859_1);
        return random.nextBoolean() ? text : text.replaceAll("[^\\x21-\\x7e]", "a");
    }

    /** All that comes back after nothing more is said; a hang is a time-out here. */
    private String exchange(byte[] request) throws IOException {
        ByteArrayOutputStream response = new ByteArrayOutputStream();
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout(8_000);
            socket.getOutputStream().write(request);
            socket.shutdownOutput();
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[8_192];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                response.write(buffer, 0, read);
            }
        } catch (SocketException ex) {
            // Reset, as what was sent was not read to its end: what was answered before is below.
        }
        return response.toString(ISO_8859_1);
    }

    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.1 ([1-5][0-9]{2}) [^\r\n]*\r\n");
    private static final Pattern HEADER =
            Pattern.compile("([!#-'*+.0-9A-Z^-z|~-]+): ?([^\\x00-\\x08\\x0a-\\x1f\\x7f]*)\r\n");

    /** Of one response after another, each as HTTP has it. */
    private static List<Integer> statuses(String request, String responses) {
        List<Integer> statuses = new ArrayList<>();
        int at = 0;
        String line = request.lines().findFirst().orElse("");
        if (!responses.isEmpty() && !responses.startsWith("HTTP/")) {
            // To a line without a version, or refused before its version was read, HTTP/0.9 answers without a status
            // line.
            Matcher status = Pattern.compile("\"status\":([0-9]{3}),").matcher(responses);
            boolean isProblem = status.find();
            assertThat(isProblem || !line.contains(" HTTP/")).as(responses).isTrue();
            return List.of(isProblem ? Integer.parseInt(status.group(1)) : 200);
        }
        while (at < responses.length()) {
            Matcher status = STATUS_LINE.matcher(responses).region(at, responses.length());
            assertThat(status.lookingAt())
                    .as("a status line at %s of %s after %s", at, responses, request)
                    .isTrue();
            int code = Integer.parseInt(status.group(1));
            at = status.end();
            Map<String, String> headers = new HashMap<>();
            Matcher header = HEADER.matcher(responses).region(at, responses.length());
            while (header.lookingAt()) {
                headers.put(header.group(1).toLowerCase(Locale.ROOT), header.group(2));
                at = header.end();
                header.region(at, responses.length());
            }
            assertThat(responses.startsWith("\r\n", at))
                    .as("headers' end at %s of %s after %s", at, responses, request)
                    .isTrue();
            at += 2;
            if (code == 100) {
                continue;
            }
            statuses.add(code);
            at = bodyEnd(request, responses, at, code, headers);
        }
        return statuses;
    }

    private static int bodyEnd(String request, String responses, int start, int code, Map<String, String> headers) {
        // After HEAD there is none; which request of several it was, only what follows tells.
        boolean none =
                request.contains("HEAD") && (start == responses.length() || responses.startsWith("HTTP/1.1 ", start));
        if (none || code == 304) {
            return start;
        }
        String length = headers.get("content-length");
        if (length != null) {
            int end = start + Integer.parseInt(length);
            assertThat(end)
                    .as("the body's end in %s after %s", responses, request)
                    .isLessThanOrEqualTo(responses.length());
            return end;
        }
        if (!"chunked".equals(headers.get("transfer-encoding"))) {
            assertThat(headers)
                    .as("until the connection ends: %s after %s", responses, request)
                    .containsEntry("connection", "close");
            return responses.length();
        }
        int at = start;
        int size;
        do {
            int line = responses.indexOf("\r\n", at);
            size = Integer.parseInt(responses.substring(at, line), 16);
            at = line + 2 + size + 2;
        } while (size > 0);
        return at;
    }

    private HttpResponse<String> get(String path) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                        .timeout(Duration.ofSeconds(8))
                        .build(),
                HttpResponse.BodyHandlers.ofString(ISO_8859_1));
    }
}
