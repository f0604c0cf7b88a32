package com.example.fib.gateway;

import com.example.fib.broker.TestBroker;
import java.util.Map;

/** The gateway with the tests' broker, for whoever works on it: {@code ./mvnw spring-boot:test-run -pl fib-gateway -am}. */
final class TestFibGatewayApplication {

    private TestFibGatewayApplication() {}

    public static void main(String[] args) {
        // Not arguments: devtools would hand them to this method once more, at every restart.
        Map<String, String> properties = TestBroker.shared().properties();
        properties.remove("fib.queue.name"); // that of the tests: this one is to meet the other service
        properties.forEach(System::setProperty);
        FibGatewayApplication.main(args);
    }
}
