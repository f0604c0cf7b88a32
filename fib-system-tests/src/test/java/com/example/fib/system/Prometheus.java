package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A Prometheus that asks the two services every second. Its programs are the machine's; where it has none, Debian's are
 * unpacked beside these tests' own output, without being installed.
 */
final class Prometheus implements AutoCloseable {

    private static final Path UNPACKED = Path.of("target", "prometheus").toAbsolutePath();
    private static final HttpClient http = HttpClient.newHttpClient();
    private static final JsonMapper json = new JsonMapper();

    private final Process process;
    private final Path folder;
    private final String url;

    /** With two jobs as deploy/prometheus has them. */
    Prometheus(ServiceProcess gateway, ServiceProcess server) throws IOException {
        int port = freePort();
        url = "http://127.0.0.1:" + port;
        folder = Files.createTempDirectory("fib-prometheus-");
        Path configuration = folder.resolve("prometheus.yml");
        Files.writeString(
                configuration,
                "global: {scrape_interval: 1s}\nscrape_configs:\n" + job("fib-gateway", gateway)
                        + job("fib-server", server));
        process = new ProcessBuilder(
                        program("prometheus").toString(),
                        "--config.file=" + configuration,
                        "--storage.tsdb.path=" + folder.resolve("data"),
                        "--web.listen-address=127.0.0.1:" + port)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> get("/-/ready").statusCode() == 200);
    }

    private static String job(String name, ServiceProcess service) {
        return """
                - job_name: %s
                  metrics_path: /actuator/prometheus
                  static_configs: [{targets: ["localhost:%d"]}]
                """.formatted(name, service.port());
    }

    /** How many series a query gives now. */
    int series(String query) {
        try {
            HttpResponse<String> response = get("/api/v1/query?query=" + URLEncoder.encode(query, UTF_8));
            if (response.statusCode() != 200) {
                throw new AssertionError(query + ": " + response.body());
            }
            JsonNode result = json.readTree(response.body()).path("data").path("result");
            return result.size();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private HttpResponse<String> get(String path) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + path))
                .timeout(Duration.ofSeconds(10))
                .build();
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ex);
        }
    }

    /**
     * Runs promtool and returns what it wrote.
     *
     * @throws AssertionError where it fails, with what it wrote
     */
    static String promtool(String... arguments) {
        List<String> command = new ArrayList<>(List.of(program("promtool").toString()));
        command.addAll(List.of(arguments));
        return run(command);
    }

    /**
     * One of its programs: of the PATH, or unpacked.
     *
     * @throws IllegalStateException if there is none, and none could be had; the message says what to do
     */
    private static Path program(String name) {
        Stream<Path> folders = Stream.concat(
                Stream.of(System.getenv().getOrDefault("PATH", "/usr/bin").split(File.pathSeparator))
                        .map(Path::of),
                Stream.of(UNPACKED.resolve("usr/bin")));
        List<Path> candidates = folders.map(folder -> folder.resolve(name)).toList();
        if (candidates.stream().noneMatch(Files::isExecutable)) {
            unpack();
        }
        return candidates.stream()
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no " + name + " here, and none could be had: put"
                        + " Prometheus on the PATH, or install Debian's package prometheus"));
    }

    private static void unpack() {
        if (Files.isExecutable(Path.of("/usr/bin/apt-get"))) {
            try {
                Files.createDirectories(UNPACKED);
                run(List.of(
                        "sh",
                        "-c",
                        "cd '" + UNPACKED + "' && { apt-get -q download prometheus"
                                + " || { apt-get -q update && apt-get -q download prometheus; }; }"
                                + " && dpkg -x prometheus_*.deb ."));
            } catch (IOException ex) {
                throw new UncheckedIOException(ex);
            }
        }
    }

    private static String run(List<String> command) {
        try {
            Path output = Files.createTempFile("fib-prometheus-", ".out");
            try {
                Process started = new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
                boolean ended = started.waitFor(3, TimeUnit.MINUTES);
                started.destroyForcibly();
                String text = Files.readString(output);
                if (!ended || started.exitValue() != 0) {
                    throw new AssertionError(String.join(" ", command) + " failed:\n" + text);
                }
                return text;
            } finally {
                Files.delete(output);
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ex);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
        FileSystemUtils.deleteRecursively(folder);
    }
}
