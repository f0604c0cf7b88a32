package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.jayway.jsonpath.JsonPath;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** docs/operations.md is complete: no setting, log event or problem that it does not have, and none that is gone. */
class OperationsTests {

    private static final String PAGE = Documented.text(Documented.PROJECT.resolve("docs/operations.md"));
    private static final Pattern STRING = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"");
    private static final Pattern LOGGED = Pattern.compile("\\b(?:log|logger)\\.(warn|error)\\(\\s*(" + STRING.pattern()
            + "(?:\\s*\\+\\s*" + STRING.pattern() + ")*)");
    private static final Pattern EVENT = Pattern.compile("^\\| `([^`]+)` \\| (WARN|ERROR) \\|", Pattern.MULTILINE);

    /** By the metadata that IDEs read, in the jars. */
    @ParameterizedTest
    @ValueSource(strings = {"gateway", "server"})
    void hasEverySetting(String service) throws IOException {
        String section = PAGE.split("\n\\*\\*fib-" + service + "\\*\\*\n", 2)[1].split("\n\\*\\*", 2)[0];
        Map<String, String> described = new LinkedHashMap<>();
        Matcher row = Pattern.compile("^\\| `(fib\\.[a-z.-]+)` \\| ([^|]+) \\|", Pattern.MULTILINE)
                .matcher(section);
        while (row.find()) {
            described.put(row.group(1), row.group(2));
        }

        List<Map<String, Object>> settings = JsonPath.read(metadata(service), "$.properties");
        assertThat(settings).hasSizeGreaterThan(5).allSatisfy(setting -> assertThat((String) setting.get("description"))
                .isNotBlank());
        Set<String> names = new TreeSet<>();
        for (Map<String, Object> setting : settings) {
            String name = String.valueOf(setting.get("name"));
            names.add(name);
            assertThat(described).containsKey(name);
            Object byDefault = setting.get("defaultValue");
            if (byDefault != null) {
                assertThat(described.get(name)).as(name).isEqualTo("`" + byDefault + "`");
            }
        }
        assertThat(described.keySet()).isEqualTo(names);
    }

    @Test
    void hasEveryWarningAndError() throws IOException {
        Map<String, String> logged = logged();
        Map<Pattern, String> described = new LinkedHashMap<>();
        Matcher event = EVENT.matcher(PAGE);
        while (event.find()) {
            described.put(
                    Pattern.compile(Arrays.stream(event.group(1).split("…", -1))
                            .map(Pattern::quote)
                            .collect(Collectors.joining("\\{\\}"))),
                    event.group(2));
        }
        assertThat(logged).hasSizeGreaterThan(10);
        logged.forEach((message, level) -> assertThat(described.keySet().stream()
                        .filter(pattern -> pattern.matcher(message).lookingAt()))
                .as(message)
                .singleElement()
                .satisfies(pattern -> assertThat(described.get(pattern)).isEqualTo(level)));
        assertThat(described.keySet()).as("nothing that is logged no more").allMatch(pattern -> logged.keySet().stream()
                .anyMatch(message -> pattern.matcher(message).lookingAt()));
    }

    /** A row of docs/settings.md without a test is one where nothing is ours. */
    @Test
    void namesATestForEachOfBootsSettingsThatMeansMoreHere() throws IOException {
        List<String> rows = Documented.text(Documented.PROJECT.resolve("docs/settings.md"))
                .lines()
                .filter(line -> line.startsWith("| ") && !line.startsWith("| setting |") && !line.endsWith("| |"))
                .toList();
        assertThat(rows).hasSizeGreaterThan(30);
        NamedInPages.assertEachNamesOne(rows);
    }

    @Test
    void hasEveryProblem() throws IOException {
        try (Stream<Path> pages = Files.list(Documented.PROJECT.resolve("fib-gateway/src/main/resources/problems"))) {
            assertThat(pages.map(page -> page.getFileName().toString().replace(".html", "")))
                    .hasSize(6)
                    .allMatch(problem -> PAGE.contains("\n| `" + problem + "` |"));
        }
    }

    /** The messages in the sources of both services and of the library, and their levels. */
    private static Map<String, String> logged() throws IOException {
        Map<String, String> logged = new LinkedHashMap<>();
        List<Path> sources = new ArrayList<>();
        for (String module : List.of("fib-gateway", "fib-server", "rabbit-rpc-spring-boot-starter")) {
            try (Stream<Path> files =
                    Files.walk(Documented.PROJECT.resolve(module).resolve("src/main/java"))) {
                files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
            }
        }
        for (Path source : sources) {
            Matcher call = LOGGED.matcher(Files.readString(source));
            while (call.find()) {
                String message = STRING.matcher(call.group(2))
                        .results()
                        .map(part -> part.group(1))
                        .collect(Collectors.joining())
                        .replace("\\\"", "\"");
                logged.put(message, call.group(1).equals("warn") ? "WARN" : "ERROR");
            }
        }
        return logged;
    }

    /** What IDEs read of the settings, in a service's jar. */
    static String metadata(String service) throws IOException {
        try (JarFile jar = new JarFile(ServiceProcess.jar(service));
                InputStream in = Objects.requireNonNull(
                        jar.getInputStream(jar.getEntry("META-INF/spring-configuration-metadata.json")))) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }
}
