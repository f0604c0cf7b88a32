package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.TestBroker;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The network between the gateway and its broker goes bad under load. */
@Tag("faults")
class NetworkFaultTests {

    private static final TestBroker broker = TestBroker.shared();
    private static final TcpProxy network = proxy();
    private static final Site site = Site.shared();
    private static final ServiceProcess server = site.starting();
    private static ServiceProcess gateway = site.gateway("spring.rabbitmq.addresses", network.address());

    private static TcpProxy proxy() {
        try {
            return new TcpProxy(broker.host(), broker.port());
        } catch (IOException ex) {
            throw new IllegalStateException(ex);
        }
    }

    @BeforeAll
    static void isUp() {
        assertThat(server.isAlive()).isTrue();
    }

    @AfterEach
    void nextGateway() {
        gateway = site.next(gateway);
    }

    @AfterAll
    static void close() throws IOException {
        site.close();
        network.close();
    }

    @Test
    void answersInTimeThroughABlackhole() {
        Figures figures = Fault.run("network black-holed", gateway, () -> {
            network.blackhole();
            Fault.lastFor(6);
            network.off();
        });
        Fault.requirePromise(figures, Fault.RECOVERY_FROM_BLACKHOLE);
    }

    @Test
    @Tag("short")
    void answersInTimeThroughResets() {
        Figures figures = Fault.run("network reset, five times", gateway, () -> {
            for (int i = 0; i < 5; i++) {
                network.reset();
                Fault.lastFor(1);
            }
        });
        Fault.requirePromise(figures);
        // What was on a connection that is reset is sent again, within the budget.
        assertThat(figures.right()).as(figures.row()).isGreaterThanOrEqualTo(Fault.atLeast(99));
    }

    @Test
    void answersInTimeWhenEachWayTakes300Milliseconds() {
        Figures figures = Fault.run("network 300 ms slow each way", gateway, () -> {
            network.latency(Duration.ofMillis(300));
            Fault.lastFor(5);
            network.off();
        });
        Fault.requireOnlyAnswers(figures);
    }

    @Test
    void answersInTimeWhenPacketsAreSingleBytes() {
        // Each byte is a packet and two system calls here: fewer calls, so that the proxy is not what is measured.
        Load load = Load.on(gateway.port(), Load.CALLERS, Duration.ofMillis(500), Load.NUMBERS);
        Figures figures = Fault.run("network sliced into single bytes", load, () -> {
            network.slice();
            Fault.lastFor(5);
            network.off();
        });
        Fault.requireOnlyAnswers(figures);
    }
}
