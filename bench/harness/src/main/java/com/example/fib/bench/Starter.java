package com.example.fib.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A way to start a program. */
@FunctionalInterface
interface Starter {

    Program start(String name, Map<String, String> settings);

    /** With further settings, which count more. */
    default Starter with(Map<String, String> more) {
        return (name, settings) -> {
            Map<String, String> all = new HashMap<>(settings);
            all.putAll(more);
            return start(name, all);
        };
    }

    static Starter of(String... command) {
        return (name, settings) -> Program.start(name, Bench.WORK, settings, List.of(command));
    }

    /** As users start a service: no flag, so that the JVM chooses for itself. */
    static Starter jar(Jdk jdk, Path jar) {
        return of(jdk.java(), "-jar", jar.toString());
    }

    /** One of our two services. */
    static Path service(String name) {
        return find(name, name + "-[0-9].*(?<!-sources|-javadoc)\\.jar");
    }

    /** The tutorial's server or gateway, from the module that it is wanted of: peers, or actuator. */
    static Path tutorial(String module, String part) {
        return find("bench/" + module, "fib-bench-.*-tutorial-" + part + "\\.jar");
    }

    private static Path find(String module, String pattern) {
        Path target = Bench.ROOT.resolve(module).resolve("target");
        try (Stream<Path> files = Files.list(target)) {
            return files.filter(file -> file.getFileName().toString().matches(pattern))
                    .findFirst()
                    .orElseThrow(() ->
                            new IllegalStateException("No " + pattern + " in " + target + ": bench/run builds it"));
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }
}
