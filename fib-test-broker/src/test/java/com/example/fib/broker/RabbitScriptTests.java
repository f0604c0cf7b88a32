package com.example.fib.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("faults")
class RabbitScriptTests {

    private static final Duration BOUND = Duration.ofMinutes(12);

    private final RabbitScript script = RabbitScript.find();

    @Test
    void nothingIsLeftOfABrokerWhoseOwnerWasKilled() throws Exception {
        Process owner = new ProcessBuilder("sleep", "600").start();
        try {
            Map<String, String> values = RabbitScript.values(
                    script.run(BOUND, List.of("start", "--port", "0", "--owner", String.valueOf(owner.pid()))));
            String dir = values.getOrDefault("RABBITMQ_DIR", "");
            assertThat(processesOf(dir, owner))
                    .hasSizeGreaterThanOrEqualTo(4); // epmd, the watcher, a script, the Erlang VM

            owner.destroyForcibly();

            Awaitility.await().atMost(Duration.ofSeconds(4)).untilAsserted(() -> {
                assertThat(processesOf(dir, owner)).isEmpty();
                assertThat(Path.of(dir)).doesNotExist();
            });
        } finally {
            owner.destroyForcibly();
        }
    }

    @Test
    void aPortInUseIsNamed() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = String.valueOf(taken.getLocalPort());
            assertThatThrownBy(() -> script.run(BOUND, List.of("start", "--port", port)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("port " + port + " is in use. Choose another with --port");
        }
    }

    @Test
    void aFailedStartShowsTheLogAndLeavesNothing(@TempDir Path dir) {
        String setting = "no.such.setting = 1";
        assertThatThrownBy(() ->
                        script.run(BOUND, List.of("start", "--port", "0", "--dir", dir.toString(), "--set", setting)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no.such.setting");
        assertThat(ProcessHandle.allProcesses())
                .noneMatch(process -> mentions("/proc/" + process.pid() + "/environ", "HOME=" + dir));
    }

    @Test
    void stoppingTwiceIsNoError() {
        String dir = RabbitScript.values(script.run(BOUND, List.of("start", "--port", "0")))
                .getOrDefault("RABBITMQ_DIR", "");
        script.run(BOUND, List.of("stop", "--dir", dir));
        assertThat(Path.of(dir)).doesNotExist();
        script.run(BOUND, List.of("stop", "--dir", dir));
    }

    /** The processes of a broker in this folder (all but the watcher have it in their environment), or with this owner. */
    private static List<String> processesOf(String dir, Process owner) {
        return ProcessHandle.allProcesses()
                .map(process -> "/proc/" + process.pid())
                .filter(proc -> mentions(proc + "/environ", "HOME=" + dir)
                        || mentions(proc + "/cmdline", "--owner\0" + owner.pid() + "\0"))
                .toList();
    }

    private static boolean mentions(String file, String text) {
        try {
            return Files.readString(Path.of(file), StandardCharsets.ISO_8859_1).contains(text);
        } catch (IOException e) {
            return false; // gone, or somebody else's
        }
    }
}
