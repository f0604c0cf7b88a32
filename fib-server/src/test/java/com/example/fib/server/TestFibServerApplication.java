package com.example.fib.server;

import com.example.fib.broker.TestBroker;
import java.util.ArrayList;
import java.util.List;

/** The server with the tests' broker, for whoever works on it: {@code ./mvnw spring-boot:test-run -pl fib-server -am}. */
final class TestFibServerApplication {

    private TestFibServerApplication() {}

    public static void main(String[] args) {
        List<String> arguments = new ArrayList<>();
        TestBroker.shared().properties().forEach((name, value) -> arguments.add("--" + name + "=" + value));
        arguments.addAll(List.of(args));
        FibServerApplication.main(arguments.toArray(String[]::new));
    }
}
