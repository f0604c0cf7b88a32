package com.example.fib.gateway;

import com.example.fib.broker.TestBroker;
import java.util.ArrayList;
import java.util.List;

/** The gateway with the tests' broker, for whoever works on it: {@code ./mvnw spring-boot:test-run -pl fib-gateway -am}. */
final class TestFibGatewayApplication {

    private TestFibGatewayApplication() {}

    public static void main(String[] args) {
        List<String> arguments = new ArrayList<>();
        TestBroker.shared().properties().forEach((name, value) -> arguments.add("--" + name + "=" + value));
        arguments.addAll(List.of(args));
        FibGatewayApplication.main(arguments.toArray(String[]::new));
    }
}
