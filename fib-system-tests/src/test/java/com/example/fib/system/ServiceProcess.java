package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/**
 * One of the two services, started as its image starts it, on a free port. Several start side by side: whoever first asks one for its
 * port waits for it. Its log stays in target/logs.
 */
final class ServiceProcess implements AutoCloseable {

    static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();

    /** A setting for the JVM: 4 for the whole compiler, where it counts how much is served. Without, it starts in half the time. */
    static final String COMPILER = "test.compiler";

    private static final Pattern STARTED = Pattern.compile("Tomcat started on port (\\d+)");
    private static final Path LOGS = Path.of("target", "logs");
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HHmmss-");
    static final Duration START = Duration.ofMinutes(2);

    private final String name;
    private final Path log;
    private final Process process;
    private int port;

    private ServiceProcess(String name, List<String> program, Map<String, String> settings) throws IOException {
        this.name = name;
        this.log = Files.createTempFile(
                Files.createDirectories(LOGS),
                LocalTime.now(ZoneId.systemDefault()).format(TIME) + name + "-",
                ".log");
        List<String> command = new ArrayList<>(
                List.of(JAVA, ClassArchive.HEAP, "-XX:TieredStopAtLevel=" + settings.getOrDefault(COMPILER, "1")));
        command.addAll(program);
        command.add("--server.port=0");
        settings.forEach((key, value) -> command.add("--" + key + "=" + value));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        // The settings name the broker, or files that do, and a variable would win over files.
        builder.environment().keySet().removeIf(variable -> variable.startsWith("SPRING_RABBITMQ_"));
        this.process = builder.start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    }

    static ServiceProcess server(Map<String, String> settings) {
        return start("server", ClassArchive.server(), settings);
    }

    static ServiceProcess gateway(Map<String, String> settings) {
        return start("gateway", ClassArchive.gateway(), settings);
    }

    /** The server, with a configuration class from among these tests beside its own. */
    static ServiceProcess serverWith(Class<?> configuration, Map<String, String> settings) {
        Map<String, String> all = new LinkedHashMap<>(settings);
        all.put("spring.main.sources", configuration.getName());
        List<String> program = List.of(
                "-Dloader.path=" + Path.of("target", "test-classes").toAbsolutePath(),
                "-cp",
                jar("server"),
                "org.springframework.boot.loader.launch.PropertiesLauncher");
        return start("server", program, all);
    }

    /** A program from among these tests. */
    static ServiceProcess of(Class<?> main, Map<String, String> settings) {
        List<String> program = List.of("-cp", System.getProperty("java.class.path"), main.getName());
        return start(main.getSimpleName(), program, settings);
    }

    static String jar(String name) {
        Path jar = Path.of(System.getProperty("fib." + name + ".jar", "missing"));
        if (!Files.exists(jar)) {
            throw new IllegalStateException(jar + " is not there: ./mvnw verify builds it before these tests");
        }
        return jar.toString();
    }

    static ServiceProcess start(String name, List<String> program, Map<String, String> settings) {
        try {
            return new ServiceProcess(name, program, settings);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private int awaitPort() {
        return Awaitility.await()
                .atMost(START)
                .until(
                        () -> {
                            if (!process.isAlive()) {
                                throw new IllegalStateException(name + " has ended:\n" + log());
                            }
                            Matcher started = STARTED.matcher(log());
                            return started.find() ? Integer.parseInt(started.group(1)) : 0;
                        },
                        found -> found > 0);
    }

    /** Waits until it takes connections. */
    ServiceProcess awaitStarted() {
        port();
        return this;
    }

    /** Waits until its health reads UP. */
    ServiceProcess awaitHealthy() {
        awaitStarted();
        Awaitility.await().atMost(START).untilAsserted(() -> {
            HttpResponse<String> health = get("/actuator/health");
            if (health.statusCode() != 200) {
                throw new AssertionError(name + " is not healthy: " + health.body() + "\n" + log());
            }
        });
        return this;
    }

    HttpResponse<String> get(String path, String... headers) {
        return Http.get(Http.CLIENT, uri(path), headers);
    }

    URI uri(String path) {
        return URI.create("http://localhost:" + port() + path);
    }

    synchronized int port() {
        if (port == 0) {
            port = awaitPort();
        }
        return port;
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Everything it has written so far. */
    String log() {
        try {
            return Files.readString(log);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** What the JDK's tool of that name says of it. */
    String jcmd(String command) {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        try {
            Process tool = new ProcessBuilder(jcmd, Long.toString(process.pid()), command)
                    .redirectErrorStream(true)
                    .start();
            return new String(tool.getInputStream().readAllBytes(), UTF_8);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** SIGTERM; does not wait. */
    void terminate() {
        process.destroy();
    }

    /** SIGKILL, and waits until it is gone. */
    void kill() {
        process.destroyForcibly();
        awaitEnd(Duration.ofSeconds(10));
    }

    void freeze() {
        signal("STOP");
    }

    void resume() {
        signal("CONT");
    }

    /** Waits for its end; a failure when it does not come. */
    void awaitEnd(Duration bound) {
        try {
            if (!process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError(name + " still runs after " + bound);
            }
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ex);
        }
    }

    private void signal(String signal) {
        try {
            Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
            if (!kill.waitFor(5, TimeUnit.SECONDS) || kill.exitValue() != 0) {
                throw new IllegalStateException("kill -" + signal + " failed");
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ex);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        awaitEnd(Duration.ofSeconds(10));
    }
}
