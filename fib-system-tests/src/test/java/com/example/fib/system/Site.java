package com.example.fib.system;

import com.example.fib.broker.TestBroker;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/** A broker of its own, servers and a gateway, for tests that break them. */
final class Site implements AutoCloseable {

    private final Map<String, String> broker;
    private final List<ServiceProcess> services = new ArrayList<>();

    Site(TestBroker broker) {
        this(broker.properties());
    }

    Site(Map<String, String> broker) {
        this.broker = broker;
    }

    /** One more server, which consumes when this returns. */
    ServiceProcess server() {
        return added(ServiceProcess.server(broker)).awaitHealthy();
    }

    /** So many servers, started at the same time. */
    void servers(int count) {
        List<ServiceProcess> started = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            started.add(added(ServiceProcess.server(broker)));
        }
        started.forEach(ServiceProcess::awaitHealthy);
    }

    /** A gateway that answers, with settings in pairs of name and value. */
    ServiceProcess gateway(String... settings) {
        return answering(ServiceProcess.gateway(with(settings)));
    }

    /** A gateway as tutorials write it, with the same deadline. */
    ServiceProcess naiveGateway(String... settings) {
        Map<String, String> all = with(settings);
        all.put("spring.rabbitmq.template.reply-timeout", "2s");
        return answering(ServiceProcess.of(NaiveGateway.class, all));
    }

    Map<String, String> with(String... settings) {
        Map<String, String> all = new LinkedHashMap<>(broker);
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        return all;
    }

    private ServiceProcess answering(ServiceProcess gateway) {
        added(gateway);
        Awaitility.await().until(() -> gateway.get("/fib/30").statusCode() == 200);
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
