package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What holds for every container, by what the compose files ask for; {@code bin/cluster faults} looks at containers that run. */
class ComposeFilesTests {

    @ParameterizedTest
    @ValueSource(strings = {"docker-compose.yml", "docker-compose.cluster.yml"})
    void boundEveryContainerAndGiveItNoRights(String file) {
        Map<String, Map<String, Map<String, Object>>> all = new Yaml(new SafeConstructor(new LoaderOptions()))
                .load(Documented.text(Documented.PROJECT.resolve(file)));
        Map<String, Map<String, Object>> services = all.get("services");
        assertThat(services).hasSizeGreaterThan(5).allSatisfy((name, service) -> {
            assertThat(service).containsKeys("mem_limit", "pids_limit", "restart");
            assertThat(service).containsEntry("cap_drop", List.of("ALL"));
            assertThat(service).containsEntry("security_opt", List.of("no-new-privileges:true"));
            if (name.startsWith("fib-") || name.equals("haproxy")) {
                assertThat(service).containsEntry("read_only", true);
            }
            if (service.get("ports") instanceof List<?> ports) {
                assertThat(ports).asString().doesNotContain("\"").contains("127.0.0.1:");
                assertThat(ports).allMatch(port -> String.valueOf(port).startsWith("127.0.0.1:"));
            }
            if (!service.containsKey("build")) {
                assertThat((String) service.get("image")).matches(".+:v?[0-9][^:]*");
            }
        });
    }

    @Test
    void theImageHasAnOrdinaryUser() {
        assertThat(Documented.text(Documented.PROJECT.resolve("Dockerfile")))
                .containsPattern("(?m)^USER [1-9][0-9]*:[1-9][0-9]*$");
    }

    /** An AOT cache holds for the collector and the layout of objects that it was made with. */
    @Test
    void theImageIsTrainedByTheFlagsItStartsWith() {
        String dockerfile = Documented.text(Documented.PROJECT.resolve("Dockerfile"));
        List<Set<String>> uses = dockerfile
                .lines()
                .filter(line -> line.contains("app.aot"))
                .map(line -> Pattern.compile("-XX:[+-]Use\\w+")
                        .matcher(line)
                        .results()
                        .map(MatchResult::group)
                        .collect(Collectors.toSet()))
                .toList();
        assertThat(uses)
                .hasSize(3)
                .allSatisfy(flags -> assertThat(flags).isEqualTo(uses.get(2)).isNotEmpty());
    }

    /** Twice the time that all tests take. */
    @Test
    void theWorkflowIsNotCutOffWhereTestsAreSlow() {
        assertThat(Documented.text(Documented.PROJECT.resolve(".github/workflows/build.yml")))
                .containsPattern("(?m)^    timeout-minutes: 60$");
    }
}
