package com.example.fib.gateway;

import com.example.fib.broker.TestBroker;

/** The gateway with the tests' broker, for whoever works on it: {@code ./mvnw spring-boot:test-run -pl fib-gateway -am}. */
final class TestFibGatewayApplication {

    private TestFibGatewayApplication() {}

    public static void main(String[] args) {
        // Not arguments: devtools would hand them to this method once more, at every restart.
        TestBroker.shared().properties().forEach(System::setProperty);
        FibGatewayApplication.main(args);
    }
}
