package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.TestBroker;
import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/your-own-function.md: its classes are added to a copy of both services, which is compiled and run. */
class YourOwnFunctionTests {

    private static final Path PAGE = Documented.PROJECT.resolve("docs/your-own-function.md");

    private final TestBroker broker = TestBroker.shared();
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
        List<String> added = Documented.FENCED
                .matcher(Documented.text(PAGE))
                .results()
                .filter(block -> block.group(1).equals("java"))
                .map(block -> block.group(2))
                .toList();
        assertThat(added).hasSize(2);
        for (String file : added) {
            add(file);
        }
        Map<String, String> settings = broker.properties();
        try (ServiceProcess server = start("server", "com.example.fib.server.FibServerApplication", settings);
                ServiceProcess gateway = start("gateway", "com.example.fib.gateway.FibGatewayApplication", settings)) {
            server.awaitHealthy();
            gateway.awaitHealthy();
            List<Documented> commands = Documented.commands(PAGE);
            assertThat(commands).hasSize(3);
            commands.forEach(command -> command.run(Map.of("8080", Integer.toString(gateway.port()))));
            assertThat(gateway.get("/fib/30").body()).isEqualTo("832040");
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
