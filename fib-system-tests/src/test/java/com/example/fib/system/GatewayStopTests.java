package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The gateway is told to stop while it is busy. */
@Tag("faults")
class GatewayStopTests {

    @Test
    @Tag("short")
    void answersWhatItAcceptedAndEnds() {
        try (Site site = Site.shared()) {
            site.starting();
            ServiceProcess gateway = site.gateway();
            Load load = Load.on(gateway.port());
            long start;
            try (load) {
                Fault.last(Duration.ofSeconds(3));
                start = System.nanoTime();
                gateway.terminate();
                gateway.awaitEnd(Duration.ofSeconds(30));
            }
            Figures figures = Figures.of("gateway stops (SIGTERM)", load, start, System.nanoTime());
            Fault.write(figures.withoutRecovery());
            assertThat(figures.wrong()).as(figures.row()).isZero();
            // The kernel resets whom it lets in between the last accept and the close: a few microseconds.
            assertThat(figures.withoutStatus()).as(figures.row()).isLessThanOrEqualTo(1);
            assertThat(figures.longest()).isLessThan(Fault.LONGEST.plus(figures.stall()));
        }
    }
}
