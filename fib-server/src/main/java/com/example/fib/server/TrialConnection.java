package com.example.fib.server;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Address;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.amqp.autoconfigure.RabbitConnectionDetails;
import org.springframework.stereotype.Component;

/**
 * A second connection, for publishing where it is not known whether the broker survives it. It is opened when first needed
 * and again whenever it is lost.
 */
@Component
final class TrialConnection implements DisposableBean {

    private final ConnectionFactory connectionFactory;
    private final List<Address> addresses;
    private final String name;

    private @Nullable Connection connection;
    private @Nullable Channel channel;

    TrialConnection(ConnectionFactory client, RabbitConnectionDetails details, InstanceId instanceId) {
        this.connectionFactory = client;
        this.addresses = details.getAddresses().stream()
                .map(address -> new Address(address.host(), address.port()))
                .toList();
        this.name = "fib-server-trial@" + instanceId;
    }

    /**
     * Publishes to a queue and returns once the broker has dealt with it.
     *
     * @throws IOException if that cost the connection, twice
     */
    synchronized void publish(String queue, BasicProperties properties, byte[] body) throws IOException {
        try {
            publishOnce(queue, properties, body);
        } catch (IOException | RuntimeException | TimeoutException ex) {
            // Once may be chance: the broker restarted, or an operator closed this connection.
            try {
                publishOnce(queue, properties, body);
            } catch (RuntimeException | TimeoutException again) {
                throw new IOException(again);
            }
        }
    }

    private void publishOnce(String queue, BasicProperties properties, byte[] body)
            throws IOException, TimeoutException {
        Channel open = channel();
        open.basicPublish("", queue, properties, body);
        // A call on the same channel, whichever: its answer means that the broker got past the message.
        open.basicQos(1);
    }

    private Channel channel() throws IOException, TimeoutException {
        Channel open = channel;
        if (open == null || !open.isOpen()) {
            destroy();
            connection = connectionFactory.newConnection(addresses, name);
            open = connection.createChannel();
            channel = open;
        }
        return open;
    }

    @Override
    public synchronized void destroy() {
        Connection open = connection;
        if (open != null) {
            open.abort(1_000);
        }
    }
}
