package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.Fuzz;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** HTTP requests at random, as bytes: each has an end that the contract knows. */
class HttpFuzzTests extends FuzzedGateway {

    /** Those of the contract, but for 500: the gateway itself never fails. */
    private static final Set<Integer> STATUSES =
            Set.of(200, 206, 302, 304, 400, 403, 404, 405, 406, 412, 413, 414, 416, 417, 431, 501, 502, 503, 504, 505);

    @Test
    void answersWhateverIsSaidToItOrCloses() {
        Map<Integer, Integer> seen = new TreeMap<>();
        inputs = Fuzz.run(random -> {
            byte[] request = request(random);
            for (int status : RawResponses.statuses(new String(request, ISO_8859_1), exchange(request))) {
                assertThat(STATUSES).as(new String(request, ISO_8859_1)).contains(status);
                seen.merge(status, 1, Integer::sum);
            }
        });
        assertThat(seen).as("not refused altogether: %s", inputs).containsKeys(200, 400, 404, 405);
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
}
