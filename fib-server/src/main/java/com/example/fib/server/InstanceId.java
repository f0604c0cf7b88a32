package com.example.fib.server;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.ThreadLocalRandom;
import org.springframework.stereotype.Component;

/** This process's name, the same as long as it lives: in replies, and to the broker's operators. */
@Component
final class InstanceId {

    private final String value;

    InstanceId(ServerSettings settings) {
        String configured = settings.instanceId();
        this.value = configured != null
                ? configured
                : "%s-%04x".formatted(hostName(), ThreadLocalRandom.current().nextInt(1 << 16));
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException ex) {
            return "localhost";
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
