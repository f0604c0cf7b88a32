package com.example.fib.broker;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.security.GeneralSecurityException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeoutException;

/**
 * A real RabbitMQ broker for tests.
 *
 * <p>{@link #shared()} is for tests that only talk to a broker; {@link #start(String...)} is for those that break one.
 * {@link TestCluster} is three of the latter. No wait in here is unbounded, and none of these brokers outlives this JVM,
 * however it ends.
 */
public abstract sealed class TestBroker implements AutoCloseable permits GivenBroker, ContainerBroker, PrivateBroker {

    private final String uri;

    TestBroker(String uri) {
        this.uri = uri;
        connectionFactory(); // a bad address fails here, with its name
    }

    /**
     * The broker that all tests of this JVM share, started by the first call. Comes from, first that holds:
     *
     * <ol>
     *   <li>the environment: {@code SPRING_RABBITMQ_ADDRESSES}, {@code SPRING_RABBITMQ_HOST} and {@code _PORT} (with
     *       {@code _USERNAME}, {@code _PASSWORD}, {@code _VIRTUAL_HOST}), or {@code RABBITMQ_URL};
     *   <li>where {@code RABBITMQ_ROOT} is set: {@code bin/rabbitmq}, from that root file system;
     *   <li>a Docker engine that answers within 2 s and has the image {@value ContainerBroker#IMAGE}, or pulls it within
     *       120 s;
     *   <li>{@code bin/rabbitmq}: RabbitMQ on this machine, installed or unpacked by it where it is missing.
     * </ol>
     *
     * <p>The system property {@code fib.test.broker}, or the variable {@code FIB_TEST_BROKER}, asks for one of them:
     * {@code docker} or {@code private}.
     *
     * @throws IllegalStateException if there is none; its message says why, and lists the choices
     */
    public static TestBroker shared() {
        return SharedBroker.get();
    }

    /**
     * Starts a broker of the caller's own, with {@code bin/rabbitmq}: one that can be killed and frozen.
     *
     * @param settings lines of {@code rabbitmq.conf}, such as {@code "channel_max = 64"}
     * @throws IllegalStateException if it does not start; its message holds the output
     */
    public static TestBroker start(String... settings) {
        return PrivateBroker.start(1, settings).get(0);
    }

    /** The name or address of its host. */
    public final String host() {
        return connectionFactory().getHost();
    }

    /** The port for AMQP 0-9-1. It stays the same over {@link #kill()} and {@link #restart()}. */
    public final int port() {
        return connectionFactory().getPort();
    }

    /** The user's name. */
    public final String username() {
        return connectionFactory().getUsername();
    }

    /** The user's password. */
    public final String password() {
        return connectionFactory().getPassword();
    }

    /** Everything in one: {@code amqp://user:password@host:port}, with {@code /vhost} where it is not the default one. */
    public final String uri() {
        return uri;
    }

    /** The request queue of this run's pair: {@code rpc_queue} on a broker of our own, {@link #newQueue()} on a given one. */
    public String queue() {
        return "rpc_queue";
    }

    /** A queue's name that nobody else has. On a given broker such queues are deleted when this JVM ends. */
    public String newQueue() {
        return "fib-test-" + UUID.randomUUID();
    }

    /** Deletes {@link #queue()}, with whatever another test has left in it. */
    public final void deleteQueue() {
        delete(List.of(queue()));
    }

    final void delete(Collection<String> queues) {
        try (Connection connection = connect();
                Channel channel = connection.createChannel()) {
            for (String queue : queues) {
                channel.queueDelete(queue);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + queues, e);
        } catch (TimeoutException e) {
            throw new UncheckedIOException("cannot delete " + queues, new IOException(e));
        }
    }

    /**
     * What Spring Boot needs to reach it, as {@code spring.rabbitmq.*} properties. They hold against whatever
     * {@code SPRING_RABBITMQ_*} variables say. Where {@link #queue()} is not the services' default, its name too. With Spring's test support:
     *
     * <pre>{@code
     * @DynamicPropertySource
     * static void broker(DynamicPropertyRegistry registry) {
     *     TestBroker.shared().properties().forEach((name, value) -> registry.add(name, () -> value));
     * }
     * }</pre>
     */
    public final Map<String, String> properties() {
        ConnectionFactory factory = connectionFactory();
        Map<String, String> properties = new LinkedHashMap<>();
        // Not host and port: a variable SPRING_RABBITMQ_ADDRESSES would win over them.
        properties.put("spring.rabbitmq.addresses", factory.getHost() + ":" + factory.getPort());
        properties.put("spring.rabbitmq.username", factory.getUsername());
        properties.put("spring.rabbitmq.password", factory.getPassword());
        properties.put("spring.rabbitmq.virtual-host", factory.getVirtualHost());
        properties.put("spring.rabbitmq.ssl.enabled", String.valueOf(factory.isSSL()));
        if (!queue().equals("rpc_queue")) { // or nothing would show what the services do without the setting
            properties.put("fib.queue.name", queue());
        }
        return properties;
    }

    /** A new factory for connections to it: 5 s to connect, and no recovery, as that would hide faults from a test. */
    public final ConnectionFactory connectionFactory() {
        ConnectionFactory factory = new ConnectionFactory();
        try {
            factory.setUri(uri);
        } catch (URISyntaxException | GeneralSecurityException | IllegalArgumentException e) {
            throw new IllegalStateException("not the address of a broker: " + uri, e);
        }
        factory.setConnectionTimeout(5_000);
        factory.setHandshakeTimeout(5_000);
        factory.setAutomaticRecoveryEnabled(false);
        return factory;
    }

    /**
     * Opens a connection. The caller closes it.
     *
     * @throws UncheckedIOException if the broker does not take it within 5 s
     */
    public final Connection connect() {
        try {
            return connectionFactory().newConnection();
        } catch (IOException e) {
            throw new UncheckedIOException("no connection to " + uri, e);
        } catch (TimeoutException e) {
            throw new UncheckedIOException("no connection to " + uri, new IOException(e));
        }
    }

    /**
     * Runs {@code rabbitmqctl} on it, for 60 s at most, and returns its output without headings: {@code
     * ctl("list_queues", "name", "messages")} gives a line a queue, with a tab between.
     *
     * @throws IllegalStateException if it fails; the message holds its output
     * @throws UnsupportedOperationException if the broker came from the environment
     */
    public String ctl(String... arguments) {
        throw unsupported("ctl");
    }

    /**
     * What it has logged.
     *
     * @throws UnsupportedOperationException if it is not one of {@code bin/rabbitmq}'s
     */
    public String log() {
        throw unsupported("log");
    }

    /**
     * Kills its process (SIGKILL), as a crash would. It is gone when this returns.
     *
     * @throws UnsupportedOperationException if it is the shared one, as are the other faults
     */
    public void kill() {
        throw unsupported("kill");
    }

    /** Shuts it down in good order. {@link #restart()} brings it back. */
    public void stop() {
        throw unsupported("stop");
    }

    /** Stops its process from running (SIGSTOP): its connections stay open, and nothing answers. */
    public void freeze() {
        throw unsupported("freeze");
    }

    /** Lets a frozen broker run on (SIGCONT). */
    public void resume() {
        throw unsupported("resume");
    }

    /**
     * Starts it again, on the same port and with the durable queues that it has written to disk, after {@link #kill()} or {@link #stop()}; shuts it
     * down first if it runs. Takes 5 to 10 s; it answers when this returns.
     *
     * @throws IllegalStateException if it does not start within 60 s; the message holds the end of its log
     */
    public void restart() {
        throw unsupported("restart");
    }

    /** Ends it and removes what it wrote. Of a cluster's node: the whole cluster. Does nothing to a shared broker. */
    @Override
    public abstract void close();

    private static UnsupportedOperationException unsupported(String what) {
        return new UnsupportedOperationException(
                what + " is not for this broker: take one of your own, TestBroker.start()");
    }
}
