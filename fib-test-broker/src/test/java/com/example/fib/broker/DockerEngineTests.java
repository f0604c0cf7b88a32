package com.example.fib.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class DockerEngineTests {

    @Test
    void anEngineThatTakesConnectionsAndSaysNothingIsGivenUpAfterTwoSeconds() throws Exception {
        try (ServerSocket silent = listen()) {
            Instant start = Instant.now();
            assertThatThrownBy(() -> engine(silent).require("rabbitmq:4"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("took longer than 2 s");
            assertThat(Duration.between(start, Instant.now())).isLessThan(Duration.ofSeconds(4));
        }
    }

    @Test
    void anEngineThatCannotPullSaysWhy() throws Exception {
        try (ServerSocket socket = listen()) {
            answer(
                    socket,
                    "200 OK\r\n\r\nOK",
                    "404 Not Found\r\n\r\n",
                    "500 Error\r\n\r\nno registry",
                    "404 Not Found\r\n\r\n");
            assertThatThrownBy(() -> engine(socket).require("rabbitmq:4"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("cannot pull rabbitmq:4")
                    .hasMessageContaining("no registry");
        }
    }

    @Test
    void anEngineThatHoldsTheImageIsAskedNothingElse() throws Exception {
        try (ServerSocket socket = listen()) {
            answer(socket, "200 OK\r\n\r\nOK", "200 OK\r\n\r\n{}");
            engine(socket).require("rabbitmq:4");
        }
    }

    @Test
    void aMissingSocketFailsAtOnce() {
        DockerEngine engine =
                Objects.requireNonNull(DockerEngine.find(Map.of("DOCKER_HOST", "unix:///nonexistent/docker.sock")));
        assertThatThrownBy(() -> engine.require("rabbitmq:4")).isInstanceOf(IllegalStateException.class);
    }

    private static ServerSocket listen() throws IOException {
        return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    private static DockerEngine engine(ServerSocket socket) {
        return Objects.requireNonNull(
                DockerEngine.find(Map.of("DOCKER_HOST", "tcp://127.0.0.1:" + socket.getLocalPort())));
    }

    /** Gives one answer a connection, in this order. */
    private static void answer(ServerSocket socket, String... answers) {
        Thread thread = new Thread(() -> {
            for (String answer : answers) {
                try (Socket connection = socket.accept()) {
                    while (connection.getInputStream().read() != '\n') {
                        // the first line is enough
                    }
                    connection.getOutputStream().write(("HTTP/1.0 " + answer).getBytes(StandardCharsets.US_ASCII));
                    connection.shutdownOutput();
                    connection.getInputStream().readAllBytes();
                } catch (IOException e) {
                    return;
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
    }
}
