package com.example.fib.broker;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A broker that somebody else runs; its address comes from the environment. Tests touch no queue there but those made here. */
final class GivenBroker extends TestBroker {

    private final Set<String> queues = new LinkedHashSet<>();
    private final String queue;

    private GivenBroker(String uri) {
        super(uri);
        this.queue = super.newQueue();
    }

    /** The broker that these variables name, or null. */
    static @Nullable GivenBroker from(Map<String, String> environment) {
        String addresses = environment.getOrDefault("SPRING_RABBITMQ_ADDRESSES", "");
        String host = environment.getOrDefault("SPRING_RABBITMQ_HOST", "");
        String port = environment.getOrDefault("SPRING_RABBITMQ_PORT", "");
        String url = environment.getOrDefault("RABBITMQ_URL", "");
        if (!addresses.isBlank()) {
            String first = addresses.split(",", 2)[0].strip();
            return new GivenBroker(first.contains("://") ? first : withUser(environment, first));
        }
        if (!host.isBlank() || !port.isBlank()) {
            String address = (host.isBlank() ? "localhost" : host) + ":" + (port.isBlank() ? "5672" : port);
            return new GivenBroker(withUser(environment, address));
        }
        return url.isBlank() ? null : new GivenBroker(url);
    }

    private static String withUser(Map<String, String> environment, String address) {
        String vhost = environment.getOrDefault("SPRING_RABBITMQ_VIRTUAL_HOST", "/");
        String bare = address.contains("@") ? address.substring(address.lastIndexOf('@') + 1) : address;
        String user = address.contains("@")
                ? address.substring(0, address.lastIndexOf('@'))
                : encoded(environment.getOrDefault("SPRING_RABBITMQ_USERNAME", "guest"))
                        + ":"
                        + encoded(environment.getOrDefault("SPRING_RABBITMQ_PASSWORD", "guest"));
        return "amqp://" + user + "@" + bare + (vhost.equals("/") || bare.contains("/") ? "" : "/" + encoded(vhost));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Override
    public synchronized String queue() {
        return made(queue);
    }

    @Override
    public synchronized String newQueue() {
        return made(super.newQueue());
    }

    private String made(String name) {
        queues.add(name);
        return name;
    }

    synchronized void deleteQueues() {
        delete(queues);
    }

    @Override
    public void close() {
        // not ours to end
    }
}
