package com.example.fib.server;

import com.example.fib.broker.TestBroker;

/** The server with the tests' broker, for whoever works on it: {@code ./mvnw spring-boot:test-run -pl fib-server -am}. */
final class TestFibServerApplication {

    private TestFibServerApplication() {}

    public static void main(String[] args) {
        // Not arguments: devtools would hand them to this method once more, at every restart.
        TestBroker.shared().properties().forEach(System::setProperty);
        FibServerApplication.main(args);
    }
}
