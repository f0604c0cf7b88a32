package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** More callers than there are slots for, and callers who mean no good. */
@Tag("faults")
class OverloadTests {

    /** Fewer on platform threads, where fewer may wait for one: who is refused at once comes again sooner, and takes more of the machine. */
    private static final int SLOTS = Runtime.version().feature() < 21 ? 13 : 28;

    private static final Duration MEASURED = Duration.ofSeconds(Fault.LONG ? 30 : Fault.STRICT ? 5 : 2);

    /** The largest whose answers are not long ones yet. */
    private static final List<Integer> LARGE = List.of(36_000, 38_000);

    private static final Site site = Site.shared();
    private static ServiceProcess gateway = startAll();

    private static ServiceProcess startAll() {
        // One core computes, by code that is compiled in haste: the server is the limit, and not the machine that makes
        // the calls.
        Map<String, String> oneWorker = site.with("fib.workers", "1");
        site.added(ServiceProcess.server(oneWorker));
        return site.gateway(ServiceProcess.COMPILER, "4", "fib.max-in-flight", Integer.toString(SLOTS));
    }

    @AfterEach
    void nextGateway() {
        gateway = site.next(gateway);
    }

    @AfterAll
    static void close() {
        site.close();
    }

    @Test
    void refusesAtOnceWhatIsTooMuchAndServesTheRestAsBefore() {
        // Both ways, or the compiler would take a core from the calls just when the first refusals come.
        Fault.warmUp(overload(), MEASURED.multipliedBy(2));
        Fault.warmUp(atCapacity(), MEASURED);
        Figures peak = Fault.measure("as many callers as slots", atCapacity(), MEASURED);
        Figures figures = Fault.measure("ten times the callers", overload(), MEASURED);
        assertThat(figures.wrong() + figures.withoutStatus()).as(figures.row()).isZero();
        assertThat(figures.outcomes().keySet()).as(figures.row()).containsExactly("200", "503 overloaded");
        assertThat(figures.longest(call -> call.status() == 503))
                .as(figures.row())
                .isLessThan(Fault.within(100).plus(figures.stall()));
        assertThat(100.0 * figures.count(Call::isRight) / peak.count(Call::isRight))
                .as("goodput in percent of before: %s, before: %s", figures.row(), peak.row())
                .isGreaterThanOrEqualTo(Fault.atLeast(90));
    }

    private static Load atCapacity() {
        return Load.on(gateway.port(), SLOTS, Duration.ZERO, LARGE);
    }

    private static Load overload() {
        return Load.on(gateway.port(), 10 * SLOTS, Load.PAUSE, LARGE);
    }

    @Test
    void servesHonestCallersBesideSlowAndIdleConnections() throws IOException {
        Duration alone = honest("honest callers alone").percentile(99);
        List<Socket> others = new ArrayList<>();
        try {
            hold(others, Fault.LONG ? 10_000 : 2_000, "");
            hold(others, 500, "GET /fib/30 HTTP/1.1\r\nHost: ");
            Figures figures =
                    Fault.run("500 slow-loris and " + (others.size() - 500) + " idle connections", calm(), () -> {
                        long end = System.nanoTime() + MEASURED.toNanos();
                        while (System.nanoTime() - end < 0) {
                            for (Socket slow : others.subList(others.size() - 500, others.size())) {
                                slow.getOutputStream().write('x');
                            }
                            Fault.last(Duration.ofMillis(500));
                        }
                    });
            Fault.requireOnlyAnswers(figures);
            assertThat(figures.percentile(99))
                    .as("alone %s; %s", alone, figures.row())
                    .isLessThanOrEqualTo(alone.multipliedBy(2).plus(Fault.within(20)));
        } finally {
            for (Socket socket : others) {
                socket.close();
            }
        }
    }

    private static Figures honest(String name) {
        return Fault.measure(name, calm(), MEASURED);
    }

    private static Load calm() {
        return Load.on(gateway.port(), SLOTS, Load.PAUSE, Load.NUMBERS);
    }

    private static void hold(List<Socket> sockets, int count, String text) throws IOException {
        for (int i = 0; i < count; i++) {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port());
            sockets.add(socket);
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        }
    }
}
