package com.example.rabbitrpc.server.oldbroker;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Address;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A second connection, for publishing where it is not known whether the broker survives it. It is opened when first needed
 * and again whenever it is lost.
 */
final class TrialConnection implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(TrialConnection.class);

    /** A connection that was lost since the last time is opened again. */
    private static final int ATTEMPTS = 2;

    private final ConnectionFactory connectionFactory;
    private final Supplier<List<Address>> addresses;
    private final String name;

    private @Nullable Connection connection;
    private @Nullable Channel channel;

    TrialConnection(ConnectionFactory connectionFactory, Supplier<List<Address>> addresses, String name) {
        this.connectionFactory = connectionFactory;
        this.addresses = addresses;
        this.name = name;
    }

    /**
     * Publishes to a queue and returns once the broker has dealt with it.
     *
     * @return false if it could not be tried: there is no connection, or it was lost for another reason
     * @throws IOException if the broker closed the connection because of the message
     */
    synchronized boolean publish(String queue, BasicProperties properties, byte[] body) throws IOException {
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            Channel open = channel();
            if (open == null) {
                return false;
            }
            try {
                open.basicPublish("", queue, properties, body);
                // A call on the same channel, whichever: its answer means that the broker got past the message.
                open.basicQos(1);
                return true;
            } catch (IOException | RuntimeException ex) {
                ShutdownSignalException closed = open.getCloseReason();
                if (closed != null
                        && closed.getReason() instanceof AMQP.Connection.Close close
                        && close.getReplyCode() != AMQP.CONNECTION_FORCED) {
                    throw new IOException("The broker closed the connection", ex);
                }
            }
        }
        return false;
    }

    private @Nullable Channel channel() {
        Channel open = channel;
        if (open == null || !open.isOpen()) {
            close();
            try {
                connection = connectionFactory.newConnection(addresses.get(), name);
                open = connection.createChannel();
            } catch (IOException | RuntimeException | TimeoutException ex) {
                log.debug("No connection to try a reply address on", ex);
                open = null;
            }
            channel = open;
        }
        return open;
    }

    @Override
    public synchronized void close() {
        Connection open = connection;
        if (open != null) {
            open.abort(1_000);
        }
    }
}
