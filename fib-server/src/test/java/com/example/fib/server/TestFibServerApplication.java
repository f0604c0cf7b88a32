package com.example.fib.server;

import com.example.fib.broker.TestBroker;
import java.util.Map;

/** The server with the tests' broker, for whoever works on it: {@code ./mvnw spring-boot:test-run -pl fib-server -am}. */
final class TestFibServerApplication {

    private TestFibServerApplication() {}

    public static void main(String[] args) {
        // Not arguments: devtools would hand them to this method once more, at every restart.
        Map<String, String> properties = TestBroker.shared().properties();
        properties.remove("fib.queue.name"); // that of the tests: this one is to meet the other service
        properties.forEach(System::setProperty);
        FibServerApplication.main(args);
    }
}
