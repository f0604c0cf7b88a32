package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.example.fib.broker.TestBroker;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The promise is not kept by itself: a gateway as tutorials write it breaks it. docs/faults.md has what it does under
 * each of the faults.
 */
@Tag("faults")
class NaiveGatewayTests {

    private static final TestBroker broker = TestBroker.start();
    private static final Site site = new Site(broker);
    private static final ServiceProcess server = site.server();

    @AfterAll
    static void close() {
        site.close();
        broker.close();
    }

    @Test
    void breaksThePromiseWhenItStartsOnAFrozenBroker() {
        broker.freeze();
        try (ServiceProcess naive = Site.naiveGateway(broker.properties())) {
            Figures figures = Fault.run("naive: broker frozen for 6 s, cold gateway", naive, () -> {
                Fault.lastFor(6);
                broker.resume();
            });
            assertThatThrownBy(() -> Fault.requirePromise(figures)).isInstanceOf(AssertionError.class);
        } finally {
            broker.resume();
        }
        server.awaitHealthy();
    }
}
