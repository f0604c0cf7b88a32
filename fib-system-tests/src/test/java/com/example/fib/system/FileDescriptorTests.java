package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A gateway that has no file descriptor left for a caller. */
@Tag("faults")
class FileDescriptorTests {

    @Test
    void saysItInALineAndAnswersAgainOnceThereAreSome() throws Exception {
        try (Site site = Site.shared()) {
            site.starting();
            ServiceProcess gateway = site.gateway();
            int port = gateway.port();
            int before = lines(gateway);
            limit(gateway, "10");
            List<Socket> callers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                callers.add(new Socket(InetAddress.getLoopbackAddress(), port));
            }
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> gateway.log().contains("Cannot take any connection, trying again: "));
            await().during(Duration.ofSeconds(5)).atMost(Duration.ofSeconds(6)).until(gateway::isAlive);
            assertThat(lines(gateway) - before).as(gateway.log()).isBetween(1, 3);

            limit(gateway, "4096");
            for (Socket caller : callers) {
                caller.close();
            }
            await().atMost(Duration.ofSeconds(10))
                    .ignoreExceptions()
                    .until(() -> gateway.get("/fib/30").body().equals("832040"));
        }
    }

    private static int lines(ServiceProcess gateway) {
        return (int) gateway.log().lines().count();
    }

    /** Of a process that runs: those that it has it keeps. */
    private static void limit(ServiceProcess process, String descriptors) throws Exception {
        Process prlimit = new ProcessBuilder(
                        "prlimit", "--pid", Long.toString(process.pid()), "--nofile=" + descriptors + ":")
                .inheritIO()
                .start();
        assertThat(prlimit.waitFor()).isZero();
    }
}
