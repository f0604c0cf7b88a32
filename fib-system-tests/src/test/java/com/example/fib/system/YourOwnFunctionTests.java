package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.TestBroker;
import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/your-own-function.md: its changes are made to a copy of both services, which is compiled and run. */
class YourOwnFunctionTests {

    private static final Path PAGE = Documented.PROJECT.resolve("docs/your-own-function.md");

    private final TestBroker broker = TestBroker.shared();
    private final Set<Path> changed = new TreeSet<>();
    private final Path copy;

    YourOwnFunctionTests(@TempDir Path copy) {
        this.copy = copy;
    }

    @BeforeEach
    void deleteQueue() {
        broker.deleteQueue();
    }

    @Test
    void isBuiltAndAnswersAsThePageSays() throws Exception {
        for (String service : List.of("fib-server", "fib-gateway")) {
            copySources(service);
        }
        Matcher block = Documented.FENCED.matcher(Documented.text(PAGE));
        while (block.find()) {
            switch (block.group(1)) {
                case "java" -> add(block.group(2));
                case "diff" -> change(block.group(2));
                default -> {}
            }
        }
        for (String service : List.of("fib-server", "fib-gateway")) {
            assertThat(changed.stream().filter(file -> file.startsWith(copy.resolve(service))))
                    .hasSizeBetween(1, 2);
        }

        Map<String, String> settings = new HashMap<>(broker.properties());
        settings.put("fib.max-n", "3999");
        try (ServiceProcess server = start("server", "com.example.fib.server.FibServerApplication", settings);
                ServiceProcess gateway = start("gateway", "com.example.fib.gateway.FibGatewayApplication", settings)) {
            server.awaitHealthy();
            gateway.awaitHealthy();
            List<Documented> commands = Documented.commands(PAGE);
            assertThat(commands).hasSize(4);
            commands.forEach(command -> command.run(Map.of("8080", Integer.toString(gateway.port()))));
            assertThat(gateway.get("/fib/30").statusCode()).isEqualTo(404);
        }
    }

    private void copySources(String service) throws IOException {
        Path main = Documented.PROJECT.resolve(service).resolve("src/main");
        try (Stream<Path> files = Files.walk(main)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path target = copy.resolve(Documented.PROJECT.relativize(file));
                Files.createDirectories(Objects.requireNonNull(target.getParent()));
                Files.copy(file, target);
            }
        }
    }

    /** A new file, named in its first line. */
    private void add(String text) throws IOException {
        String[] nameAndText = text.split("\n", 2);
        Path file = copy.resolve(nameAndText[0].replace("// ", ""));
        assertThat(file).doesNotExist();
        Files.writeString(file, nameAndText[1]);
    }

    /** A change of one place in the file that its first line names. */
    private void change(String text) throws IOException {
        String[] nameAndText = text.split("\n", 2);
        Path file = copy.resolve(nameAndText[0].replace("+++ ", ""));
        String source = Files.readString(file);
        String before = lines(nameAndText[1], "+");
        assertThat(source).containsOnlyOnce(before);
        Files.writeString(file, source.replace(before, lines(nameAndText[1], "-")));
        changed.add(file);
    }

    /** Without those that begin with the sign, and without the others' signs. */
    private static String lines(String diff, String without) {
        StringBuilder lines = new StringBuilder();
        diff.lines().filter(line -> !line.startsWith(without)).forEach(line -> lines.append(line.substring(1))
                .append('\n'));
        return lines.toString();
    }

    /** Compiles the copy against the libraries in the service's jar, and starts it. */
    private ServiceProcess start(String name, String main, Map<String, String> settings) throws Exception {
        Path folder = copy.resolve("fib-" + name);
        Path libraries = extract(name).resolve("lib");
        Path classes = Files.createDirectories(folder.resolve("classes"));
        List<String> options = new ArrayList<>(List.of("-parameters", "-proc:none", "-d", classes.toString(), "-cp"));
        try (Stream<Path> jars = Files.list(libraries)) {
            options.add(jars.map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter output = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
                Stream<Path> sources = Files.walk(folder.resolve("src/main/java"))) {
            List<Path> all =
                    sources.filter(file -> file.toString().endsWith(".java")).toList();
            boolean compiled = compiler.getTask(
                            output, files, null, options, null, files.getJavaFileObjectsFromPaths(all))
                    .call();
            assertThat(compiled).as(output.toString()).isTrue();
        }
        String classPath = String.join(
                File.pathSeparator,
                classes.toString(),
                folder.resolve("src/main/resources").toString(),
                libraries + "/*");
        return ServiceProcess.start(name, List.of("-cp", classPath, main), settings);
    }

    private Path extract(String name) throws Exception {
        Path folder = copy.resolve("extracted-" + name);
        Process java = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djarmode=tools",
                        "-jar",
                        ServiceProcess.jar(name),
                        "extract",
                        "--destination",
                        folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(java.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(java.exitValue()).isZero();
        return folder;
    }
}
