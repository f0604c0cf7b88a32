package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** SECURITY.md is true of this project: its tests are there, its versions fixed, its containers without rights. */
class SecurityTests {

    private static final Pattern UNFIXED = Pattern.compile("<version>\\s*(?:LATEST|RELEASE|[\\[(])");

    @Test
    void namesATestForEveryThreat() throws IOException {
        List<String> threats = text("SECURITY.md")
                .split("\n## Threats", 2)[1]
                .split("\n## ", 2)[0]
                .lines()
                .filter(line -> line.startsWith("| ") && !line.startsWith("| threat |") && !line.startsWith("| **"))
                .toList();
        assertThat(threats).hasSizeGreaterThan(20);
        NamedInPages.assertEachNamesOne(threats);
    }

    @Test
    void fixesEveryVersion() throws IOException {
        try (Stream<Path> files = Files.find(
                Documented.PROJECT,
                4,
                (file, attributes) ->
                        file.endsWith("pom.xml") && !file.toString().contains("/target/"))) {
            assertThat(files).hasSizeGreaterThan(5).allSatisfy(pom -> assertThat(Documented.text(pom))
                    .doesNotContainPattern(UNFIXED));
        }
        assertThat(all("(?m)^(?:FROM |    image: )([^$\\s]+)", text("Dockerfile") + text("docker-compose.yml")))
                .hasSizeGreaterThan(4)
                .allMatch(image -> image.matches("[\\w./-]+:v?\\d[\\w.-]*"));
        assertThat(all("uses: (\\S+)", text(".github/workflows/build.yml")))
                .isNotEmpty()
                .allMatch(action -> action.matches("[\\w/-]+@(?:v\\d[\\d.]*|[0-9a-f]{40})"));
        assertThat(all("\": \"([^\"]+)\"", text("bench/peers/package.json").split("\"dependencies\"", 2)[1]))
                .isNotEmpty()
                .allMatch(version -> version.matches("\\d+\\.\\d+\\.\\d+"));
        assertThat(text(".github/dependabot.yml")).contains(": maven", ": docker", ": github-actions", ": npm");
    }

    private static List<String> all(String pattern, String text) {
        List<String> found = new ArrayList<>();
        Pattern.compile(pattern).matcher(text).results().forEach(match -> found.add(match.group(1)));
        return found;
    }

    private static String text(String page) {
        return Documented.text(Documented.PROJECT.resolve(page));
    }
}
