package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** All servers go, and come back. */
@Tag("faults")
class NoServerTests {

    @Test
    @Tag("short")
    void saysSoAtOnceWhileAllServersAreGone() {
        try (Site site = Site.shared()) {
            ServiceProcess server = site.starting();
            ServiceProcess gateway = site.gateway();
            long[] gone = new long[2];
            Figures figures = Fault.run("all servers gone", gateway, () -> {
                server.kill();
                gone[0] = System.nanoTime();
                Fault.lastFor(4);
                gone[1] = System.nanoTime();
                site.server();
            });
            Fault.requirePromise(figures);
            long surely = gone[0] + Duration.ofSeconds(1).toNanos();
            Figures meanwhile = figures.between("once they are gone for 1 s", surely, gone[1]);
            assertThat(meanwhile.longest(call -> call.start() - surely > 0 && call.start() - gone[1] < 0))
                    .as(meanwhile.row())
                    .isLessThanOrEqualTo(Fault.within(250).plus(figures.stall()));
            assertThat(figures.count(call -> call.start() - surely > 0
                            && call.start() - gone[1] < 0
                            && !call.outcome().equals("503 no-server")))
                    .as(figures.row())
                    .isZero();
        }
    }
}
