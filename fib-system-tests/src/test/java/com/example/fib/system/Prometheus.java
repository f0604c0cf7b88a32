package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A Prometheus that asks the two services every second. */
final class Prometheus implements AutoCloseable {

    private static final DebianPackage PACKAGE = new DebianPackage("prometheus");
    private static final JsonMapper json = new JsonMapper();

    private final Process process;
    private final Path folder;
    private final String url;

    /** With two jobs as deploy/prometheus has them. */
    Prometheus(ServiceProcess gateway, ServiceProcess server) throws IOException {
        int port = DebianPackage.freePort();
        url = "http://127.0.0.1:" + port;
        folder = Files.createTempDirectory("fib-prometheus-");
        Path configuration = folder.resolve("prometheus.yml");
        Files.writeString(
                configuration,
                "global: {scrape_interval: 1s}\nscrape_configs:\n" + job("fib-gateway", gateway)
                        + job("fib-server", server));
        process = PACKAGE.program(
                        "prometheus",
                        "--config.file=" + configuration,
                        "--storage.tsdb.path=" + folder.resolve("data"),
                        "--web.listen-address=127.0.0.1:" + port)
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
        HttpResponse<String> response = get("/api/v1/query?query=" + URLEncoder.encode(query, UTF_8));
        if (response.statusCode() != 200) {
            throw new AssertionError(query + ": " + response.body());
        }
        JsonNode result = json.readTree(response.body()).path("data").path("result");
        return result.size();
    }

    private HttpResponse<String> get(String path) {
        HttpRequest.Builder request = Http.request(URI.create(url + path)).timeout(Duration.ofSeconds(10));
        return Http.send(Http.CLIENT, request.build());
    }

    /**
     * Runs promtool and returns what it wrote.
     *
     * @throws AssertionError where it fails, with what it wrote
     */
    static String promtool(String... arguments) {
        return DebianPackage.run(PACKAGE.program("promtool", arguments));
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
