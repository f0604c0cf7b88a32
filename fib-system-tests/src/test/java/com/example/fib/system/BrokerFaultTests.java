package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The broker dies, freezes, closes connections, and raises alarms under load. */
@Tag("faults")
class BrokerFaultTests {

    private static final TestBroker broker = TestBroker.start();
    private static final Site site = new Site(broker);
    private static final ServiceProcess server = site.starting();
    private static ServiceProcess gateway = site.gateway();

    @AfterEach
    void nextGateway() {
        gateway = site.next(gateway);
    }

    @AfterAll
    static void close() {
        site.close();
        broker.close();
    }

    @Test
    @Tag("short")
    void answersInTimeWhileTheBrokerIsKilledAndRestarted() {
        Figures figures = Fault.run("broker killed and restarted", gateway, () -> {
            broker.kill();
            Fault.lastFor(2);
            broker.restart();
        });
        Fault.requirePromise(figures);
        assertThat(figures.outcomes().keySet()).isSubsetOf("200", "503 broker-unavailable", "503 no-server");
    }

    @Test
    void answersInTimeWhileTheBrokerClosesAllConnectionsFiveTimes() {
        Figures figures = Fault.run("all connections closed by the broker, five times", gateway, () -> {
            for (int i = 0; i < 5; i++) {
                broker.ctl("close_all_connections", "fault test");
                Fault.last(Duration.ofMillis(500));
            }
        });
        Fault.requirePromise(figures);
        assertThat(figures.outcomes().keySet()).isSubsetOf("200", "503 broker-unavailable", "503 no-server");
    }

    @Test
    @Tag("short")
    void answersInTimeWhileTheBrokerIsFrozen() {
        Figures figures = Fault.run("broker frozen for 6 s, warm gateway", gateway, () -> {
            broker.freeze();
            requireDownWithinTwoSeconds(gateway);
            Fault.lastFor(4);
            broker.resume();
        });
        Fault.requirePromise(figures);
    }

    @Test
    void answersInTimeOnAGatewayThatStartedOnAFrozenBroker() {
        broker.freeze();
        try (ServiceProcess cold = Site.gatewayProcess(broker.properties())) {
            Figures figures = Fault.run("broker frozen for 6 s, cold gateway", cold, () -> {
                requireDownWithinTwoSeconds(cold);
                Fault.lastFor(4);
                broker.resume();
            });
            Fault.requirePromise(figures);
        } finally {
            broker.resume();
        }
    }

    private static void requireDownWithinTwoSeconds(ServiceProcess gateway) {
        if (Site.NAIVE) {
            Fault.last(Duration.ofSeconds(2)); // Its health would hang.
            return;
        }
        Awaitility.await()
                .atMost(Fault.within(2_000))
                .until(() -> health(gateway).statusCode() == 503);
    }

    private static HttpResponse<String> health(ServiceProcess gateway) {
        long start = System.nanoTime();
        HttpResponse<String> health = gateway.get("/actuator/health");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).as("health").isLessThan(Fault.within(1_000));
        return health;
    }

    @Test
    void answersInTimeWhileThereIsAMemoryAlarm() {
        Figures figures = Fault.run("memory alarm", gateway, () -> {
            broker.ctl("set_vm_memory_high_watermark", "absolute", "1MB");
            requireBlocked(true);
            Fault.lastFor(6);
            broker.ctl("set_vm_memory_high_watermark", "0.6");
        });
        Fault.requirePromise(figures);
        requireBlocked(false);
    }

    @Test
    void answersInTimeWhileThereIsADiskAlarm() {
        Figures figures = Fault.run("disk alarm", gateway, () -> {
            broker.ctl("set_disk_free_limit", "100000GB");
            requireBlocked(true);
            Fault.lastFor(6);
            broker.ctl("set_disk_free_limit", "1MB");
        });
        Fault.requirePromise(figures);
        requireBlocked(false);
    }

    private static void requireBlocked(boolean is) {
        if (Site.NAIVE) {
            return; // Nothing there to see it by.
        }
        Awaitility.await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> assertThat(
                        gateway.get("/actuator/prometheus").body())
                .containsPattern("rpc_broker_blocked(\\{[^}]*})? " + (is ? "1" : "0")));
    }

    @Test
    void declaresAndConsumesAgainWhenTheQueueIsDeleted() throws Exception {
        try (Connection connection = broker.connect();
                Channel channel = connection.createChannel()) {
            Figures figures = Fault.run("queue deleted", gateway, () -> {
                channel.queueDelete("rpc_queue");
                Fault.lastFor(1);
            });
            Fault.requirePromise(figures);
            assertThat(server.isAlive()).isTrue();
            assertThat(figures.outcomes().keySet()).isSubsetOf("200", "503 no-server");
        }
    }

    @Test
    void saysOverloadedOrIsInTimeWhileTheQueueIsFullAndRejects() {
        requireFullQueueIsAnswered("reject-publish");
    }

    @Test
    void saysOverloadedOrIsInTimeWhileTheQueueIsFullAndDrops() {
        requireFullQueueIsAnswered("drop-head");
    }

    private static void requireFullQueueIsAnswered(String overflow) {
        Figures figures = Fault.run("queue full, " + overflow, gateway, () -> {
            broker.ctl(
                    "set_policy",
                    "full",
                    "^rpc_queue$",
                    "{\"max-length\":5,\"overflow\":\"" + overflow + "\"}",
                    "--apply-to",
                    "queues");
            server.freeze();
            Fault.lastFor(4);
            server.resume();
            broker.ctl("clear_policy", "full");
        });
        Fault.requirePromise(figures);
        assertThat(figures.outcomes().keySet()).isSubsetOf("200", "503 overloaded", "504 deadline-exceeded");
    }
}
