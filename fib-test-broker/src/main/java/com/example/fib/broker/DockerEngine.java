package com.example.fib.broker;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Asks a Docker engine what it can do, by its HTTP interface and with bounds. Testcontainers' own probe pulls an image:
 * with an engine but no registry that has taken seven minutes.
 */
final class DockerEngine {

    private static final Duration ANSWER_BOUND = Duration.ofSeconds(2);
    private static final Duration PULL_BOUND = Duration.ofMinutes(2);

    private final SocketAddress address;

    DockerEngine(SocketAddress address) {
        this.address = address;
    }

    /** The engine that Testcontainers would use, or null; whether it answers is another question. */
    static @Nullable DockerEngine find(Map<String, String> environment) {
        String host = environment.get("DOCKER_HOST");
        if (host != null && !host.isBlank()) {
            URI uri = URI.create(host);
            return Objects.equals(uri.getScheme(), "unix")
                    ? new DockerEngine(UnixDomainSocketAddress.of(uri.getPath()))
                    : new DockerEngine(new InetSocketAddress(uri.getHost(), uri.getPort() < 0 ? 2375 : uri.getPort()));
        }
        return List.of(
                        Path.of("/var/run/docker.sock"),
                        Path.of(environment.getOrDefault("XDG_RUNTIME_DIR", "/nowhere"), "docker.sock"),
                        Path.of(System.getProperty("user.home"), ".docker/run/docker.sock"))
                .stream()
                .filter(Files::exists)
                .map(path -> new DockerEngine(UnixDomainSocketAddress.of(path)))
                .findFirst()
                .orElse(null);
    }

    /**
     * Sees to it that the engine answers and holds the image.
     *
     * @throws IllegalStateException if it does not answer within 2 s, or cannot pull the image within 120 s
     */
    void require(String image) {
        if (!request("GET", "/_ping", ANSWER_BOUND).startsWith("HTTP/1.0 200")) {
            throw new IllegalStateException("no Docker engine answers at " + address);
        }
        if (!has(image)) {
            String[] parts = image.split(":", 2);
            String query = "fromImage=" + encoded(parts[0]) + "&tag=" + encoded(parts[1]);
            String answer = request("POST", "/images/create?" + query, PULL_BOUND);
            if (!has(image)) {
                throw new IllegalStateException("the Docker engine cannot pull " + image + ": " + end(answer));
            }
        }
    }

    private boolean has(String image) {
        return request("GET", "/images/" + image + "/json", ANSWER_BOUND).startsWith("HTTP/1.0 200");
    }

    /** HTTP/1.0, so that the end of the answer is the end of the connection. */
    private String request(String method, String path, Duration bound) {
        return Bounded.call("Docker's " + path, bound, () -> {
            try (SocketChannel channel = SocketChannel.open(address)) {
                String head = method + " " + path + " HTTP/1.0\r\nHost: docker\r\nContent-Length: 0\r\n\r\n";
                ByteBuffer bytes = StandardCharsets.US_ASCII.encode(head);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                return read(channel);
            }
        });
    }

    private static String read(SocketChannel channel) throws IOException {
        return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static String end(String text) {
        return text.strip().substring(Math.max(0, text.strip().length() - 300));
    }
}
