package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Tests that pages name: {@code `SomeTests`}, or one of its methods. */
final class NamedInPages {

    private static final Pattern NAMED = Pattern.compile("`(\\w+Tests)(?:\\.(\\w+))?`");

    private NamedInPages() {}

    static void assertEachNamesOne(List<String> rows) throws IOException {
        Map<String, String> sources = sources();
        for (String row : rows) {
            List<MatchResult> named = NAMED.matcher(row).results().toList();
            assertThat(named).as(row).isNotEmpty();
            for (MatchResult test : named) {
                assertThat(sources).containsKey(test.group(1));
                if (test.group(2) != null) {
                    assertThat(sources.get(test.group(1))).contains("void " + test.group(2) + "(");
                }
            }
        }
    }

    /** The sources of all test classes, by name; of those that share one, together. */
    private static Map<String, String> sources() throws IOException {
        Map<String, String> sources = new HashMap<>();
        for (String module : List.of(
                "fib-test-broker", "rabbit-rpc-spring-boot-starter", "fib-server", "fib-gateway", "fib-system-tests")) {
            try (Stream<Path> files =
                    Files.walk(Documented.PROJECT.resolve(module).resolve("src/test/java"))) {
                files.filter(file -> file.toString().endsWith("Tests.java"))
                        .forEach(file -> sources.merge(
                                file.getFileName().toString().replace(".java", ""),
                                Documented.text(file),
                                String::concat));
            }
        }
        return sources;
    }
}
