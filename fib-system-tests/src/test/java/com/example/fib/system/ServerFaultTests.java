package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.amqp.rabbit.config.DirectRabbitListenerContainerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.annotation.Configuration;

/** Servers come and go under load. */
@Tag("faults")
class ServerFaultTests {

    private static final Duration END = Duration.ofSeconds(30);
    private static final Site site = Site.shared();
    private static ServiceProcess first = site.starting();
    private static ServiceProcess second = site.starting();
    private static ServiceProcess gateway = site.gateway();

    @BeforeAll
    static void warmUp() {
        first.awaitHealthy();
        second.awaitHealthy();
        Fault.warmUp(Load.on(gateway.port()), Duration.ofSeconds(3));
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
    void onlyAnswersWhileOneOfTwoServersStops() {
        Figures figures = Fault.run("one of two servers stops (SIGTERM)", gateway, () -> {
            stop(first);
            first = site.server();
        });
        Fault.requireOnlyAnswers(figures);
    }

    /** Put into a server: the process may have no more threads when a request comes. */
    @Configuration(proxyBeanMethods = false)
    static class NoThread {

        @Autowired
        void noThread(DirectRabbitListenerContainerFactory factory) {
            factory.setAfterReceivePostProcessors(message -> {
                throw new OutOfMemoryError("unable to create native thread");
            });
        }
    }

    @Test
    void saysWhyItEndsWhereItCannotTakeARequest() {
        ServiceProcess third = site.added(ServiceProcess.serverWith(NoThread.class, site.with()));
        await().atMost(ServiceProcess.START).until(() -> {
            gateway.get("/fib/30"); // until one reaches it
            return !third.isAlive();
        });
        assertThat(third.log())
                .containsOnlyOnce("This server cannot take a request and ends")
                .contains("unable to create native thread");
        assertThat(gateway.get("/fib/30").statusCode()).isEqualTo(200);
    }

    @Test
    void onlyAnswersWhileServersAreScaled() {
        ServiceProcess third = site.server();
        Figures figures = Fault.run("servers scaled 3 to 1 to 3", gateway, () -> {
            first.terminate();
            stop(third);
            first.awaitEnd(END);
            Fault.lastFor(2);
            site.servers(1);
            first = site.server();
        });
        Fault.requireOnlyAnswers(figures);
    }

    @Test
    void onlyAnswersWhileAllServersRestartOneAfterAnother() {
        Figures figures = Fault.run("all servers restart one after another", gateway, () -> {
            stop(first);
            first = site.server();
            stop(second);
            second = site.server();
        });
        Fault.requireOnlyAnswers(figures);
    }

    @Test
    @Tag("short")
    void onlyAnswersWhileOneOfTwoServersIsKilled() {
        Figures figures = Fault.run("one of two servers killed (SIGKILL)", gateway, () -> {
            first.kill();
            Fault.lastFor(3);
        });
        first = site.server();
        Fault.requireOnlyAnswers(figures);
    }

    @Test
    @Tag("short")
    void answersNearlyAllWhileOneOfTwoServersIsFrozen() {
        Figures figures = Fault.run("one of two servers frozen (SIGSTOP)", gateway, () -> {
            first.freeze();
            Fault.lastFor(4);
            first.resume();
        });
        Fault.requirePromise(figures);
        assertThat(figures.right()).as(figures.row()).isGreaterThanOrEqualTo(Fault.atLeast(99));
    }

    private static void stop(ServiceProcess server) {
        server.terminate();
        server.awaitEnd(END);
    }
}
