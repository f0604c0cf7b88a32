package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.jayway.jsonpath.JsonPath;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The containers of docker-compose.cluster.yml lose a part after the other under load, which comes in by TLS through the load balancer.
 * Only for {@code bin/cluster faults}, which has started them.
 */
@Tag("soak")
class ComposeClusterTests {

    private static final Path SECRETS = Documented.PROJECT.resolve("secrets");
    private static final int PORT = Integer.getInteger("fib.cluster.port", 8443);
    private static final Pattern LEADER = Pattern.compile("rabbit@(rabbitmq-[123])");
    private static final int CALLERS = 16;

    /** A second fault before the last one has healed would be another promise. */
    @BeforeEach
    void awaitAll() {
        Awaitility.await()
                .atMost(Duration.ofMinutes(2))
                .pollInterval(Duration.ofSeconds(1))
                .untilAsserted(() -> {
                    assertThat(docker(
                                            "ps",
                                            "--filter",
                                            "label=com.docker.compose.project=fib-cluster",
                                            "--format",
                                            "{{.Status}}")
                                    .lines())
                            .hasSizeGreaterThan(6)
                            .allMatch(status -> status.endsWith("(healthy)"));
                    assertThat(rabbitmqctl("list_queues", "online")).contains("rabbitmq-1", "rabbitmq-2", "rabbitmq-3");
                });
    }

    @Test
    void answersWhenTheQueuesLeaderIsKilled() {
        requireNearlyAll(run("the queue's leader killed", () -> {
            Matcher leader = LEADER.matcher(rabbitmqctl("list_queues", "leader"));
            assertThat(leader.find()).isTrue();
            killAndStart(container(leader.group(1), 1));
        }));
    }

    @Test
    void answersWhenNodesRestartOneAfterAnother() {
        requireNearlyAll(run("all three nodes restart one after another", () -> {
            for (int node = 1; node <= 3; node++) {
                docker("restart", container("rabbitmq-" + node, 1));
                awaitAll();
            }
        }));
    }

    @Test
    void answersAllWhenAGatewayIsKilled() {
        Fault.requireOnlyAnswers(run("a gateway killed", () -> killAndStart(container("fib-gateway-1", 1))));
    }

    @Test
    void answersAllWhenAGatewayStops() {
        Fault.requireOnlyAnswers(run("a gateway stops (SIGTERM)", () -> {
            docker("stop", container("fib-gateway-2", 1));
            docker("start", container("fib-gateway-2", 1));
        }));
    }

    @Test
    void answersAllWhenAServerIsKilled() {
        Fault.requireOnlyAnswers(run("one of two servers killed", () -> killAndStart(container("fib-server", 1))));
    }

    @Test
    void losesFewCallsWhenAGatewayIsFrozen() {
        Figures figures = run("a gateway frozen for 6 s", () -> {
            docker("pause", container("fib-gateway-1", 1));
            Fault.last(Duration.ofSeconds(6));
            docker("unpause", container("fib-gateway-1", 1));
        });
        assertThat(figures.wrong() + figures.withoutStatus()).as(figures.row()).isZero();
        assertThat(figures.longest())
                .as(figures.row())
                .isLessThan(Duration.ofMillis(2_750).plus(figures.stall())); // the load balancer's own bound, 2.5 s
        assertThat(figures.recovery()).as(figures.row()).isLessThan(Fault.RECOVERY);
    }

    @Test
    void givesContainersNoRights() {
        for (String name : docker(
                        "ps", "--filter", "label=com.docker.compose.project=fib-cluster", "--format", "{{.Names}}")
                .lines()
                .toList()) {
            String inspected = docker("inspect", name);
            Map<String, Object> host = JsonPath.read(inspected, "$[0].HostConfig");
            assertThat(host).as(name).containsEntry("CapDrop", List.of("ALL"));
            assertThat(host).as(name).containsEntry("SecurityOpt", List.of("no-new-privileges:true"));
            assertThat(host).as(name).containsEntry("Privileged", false);
            assertThat(JsonPath.<Number>read(inspected, "$[0].HostConfig.Memory")
                            .longValue())
                    .as(name)
                    .isPositive();
            assertThat(JsonPath.<Number>read(inspected, "$[0].HostConfig.PidsLimit")
                            .longValue())
                    .as(name)
                    .isPositive();
            assertThat(JsonPath.<String>read(inspected, "$[0].Config.User"))
                    .as(name)
                    .isNotIn("", "0", "root");
            assertThat(inspected)
                    .as(name)
                    .doesNotContain(
                            Documented.text(SECRETS.resolve("gateway_password")),
                            Documented.text(SECRETS.resolve("server_password")),
                            Documented.text(SECRETS.resolve("erlang_cookie")),
                            Documented.text(SECRETS.resolve("token")));
            assertThat(inShell(name, "cat /proc/1/status"))
                    .as(name)
                    .containsPattern("Uid:\\s+[1-9]")
                    .containsPattern("CapBnd:\\s+0+\\n")
                    .containsPattern("NoNewPrivs:\\s+1");
            if (!name.contains("rabbitmq")) {
                assertThat(host).as(name).containsEntry("ReadonlyRootfs", true);
            }
        }
        for (String service : List.of("fib-gateway-1", "fib-server")) {
            int port = service.equals("fib-server") ? 8081 : 8080;
            assertThat(
                            inShell(
                                    container(service, 1),
                                    "exec 3<>/dev/tcp/127.0.0.1/" + port
                                            + " && printf 'GET /actuator/sbom/application HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3"))
                    .contains("CycloneDX", "pkg:maven/com.rabbitmq/amqp-client@");
        }
    }

    private static Figures run(String fault, Fault.Steps steps) {
        Load load = Load.on(LoadBalancer.entrance(SECRETS, PORT), CALLERS, Load.PAUSE, Load.NUMBERS);
        return Fault.run("compose: " + fault, load, steps);
    }

    private static void requireNearlyAll(Figures figures) {
        Fault.requirePromise(figures);
        assertThat(figures.right()).as(figures.row()).isGreaterThan(Fault.atLeast(99));
    }

    private static void killAndStart(String container) {
        docker("kill", container);
        Fault.last(Duration.ofSeconds(5));
        docker("start", container);
    }

    private static String container(String service, int number) {
        return "fib-cluster-" + service + "-" + number;
    }

    private static String rabbitmqctl(String... arguments) {
        return inShell(
                container("rabbitmq-1", 1), "rabbitmqctl -q " + String.join(" ", arguments) + " --no-table-headers");
    }

    private static String inShell(String container, String script) {
        return docker("exec", container, "bash", "-c", script);
    }

    private static String docker(String... arguments) {
        ProcessBuilder docker = new ProcessBuilder(arguments);
        docker.command().add(0, "docker");
        return DebianPackage.run(docker.redirectErrorStream(true));
    }
}
