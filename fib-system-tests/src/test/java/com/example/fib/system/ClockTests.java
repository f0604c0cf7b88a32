package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;

/** A server whose clock is an hour ahead. */
@Tag("faults")
class ClockTests {

    /** Put into the server beside its own configuration. */
    @Configuration(proxyBeanMethods = false)
    static class AnHourAhead {

        @Bean
        @Primary
        Clock anHourAhead() {
            return Clock.offset(Clock.systemUTC(), Duration.ofHours(1));
        }
    }

    @Test
    void aServersClockThatIsOffCostsNothing() {
        try (Site site = Site.shared()) {
            site.added(ServiceProcess.serverWith(AnHourAhead.class, site.with()));
            ServiceProcess gateway = site.gateway();
            Figures figures = Fault.run("server's clock an hour ahead", gateway, () -> Fault.lastFor(4));
            Fault.requireOnlyAnswers(figures);
            assertThat(gateway.log().lines().filter(line -> line.contains(" WARN ")))
                    .isEmpty();
        }
    }
}
