package com.example.fib.system;

import com.example.fib.broker.TestBroker;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/**
 * A broker, servers and a gateway, for tests that break them. With {@code -Dfib.faults.gateway=naive} the gateway
 * is the one that tutorials write, for comparison.
 */
final class Site implements AutoCloseable {

    static final boolean NAIVE = "naive".equals(System.getProperty("fib.faults.gateway"));

    private final Map<String, String> broker;
    private final List<ServiceProcess> services = new ArrayList<>();
    private Map<String, String> gatewaySettings = Map.of();

    Site(TestBroker broker) {
        this(broker.properties());
    }

    Site(Map<String, String> broker) {
        this.broker = broker;
    }

    /** With the shared broker, for tests that do not break it; without a queue that another test has left there. */
    static Site shared() {
        TestBroker broker = TestBroker.shared();
        broker.deleteQueue();
        return new Site(broker);
    }

    /** One more server, which consumes when this returns. */
    ServiceProcess server() {
        return starting().awaitHealthy();
    }

    /** One more server, which may not consume yet; {@link #gateway} waits until one does. */
    ServiceProcess starting() {
        return added(ServiceProcess.server(broker));
    }

    /** So many servers, started at the same time. */
    void servers(int count) {
        List<ServiceProcess> started = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            started.add(starting());
        }
        started.forEach(ServiceProcess::awaitHealthy);
    }

    /** A gateway that answers, with settings in pairs of name and value. */
    ServiceProcess gateway(String... settings) {
        gatewaySettings = with(settings);
        return answering(gatewayProcess(gatewaySettings));
    }

    /** A gateway that may not answer yet. */
    static ServiceProcess gatewayProcess(Map<String, String> settings) {
        return NAIVE ? naiveGateway(settings) : ServiceProcess.gateway(settings);
    }

    /** A gateway as tutorials write it, with the same deadline. */
    static ServiceProcess naiveGateway(Map<String, String> settings) {
        Map<String, String> all = new LinkedHashMap<>(settings);
        all.put("spring.rabbitmq.template.reply-timeout", "2s");
        return ServiceProcess.of(NaiveGateway.class, all);
    }

    /** The gateway for the next fault: the same one, but where it is naive, as that may not have recovered. */
    ServiceProcess next(ServiceProcess gateway) {
        if (!NAIVE) {
            return gateway;
        }
        gateway.close();
        return answering(gatewayProcess(gatewaySettings));
    }

    Map<String, String> with(String... settings) {
        Map<String, String> all = new LinkedHashMap<>(broker);
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        return all;
    }

    private ServiceProcess answering(ServiceProcess gateway) {
        added(gateway).awaitStarted();
        Awaitility.await()
                .atMost(ServiceProcess.START)
                .until(() -> gateway.get("/fib/30").statusCode() == 200);
        return gateway;
    }

    ServiceProcess added(ServiceProcess service) {
        services.add(service);
        return service;
    }

    @Override
    public void close() {
        services.forEach(ServiceProcess::close);
    }
}
