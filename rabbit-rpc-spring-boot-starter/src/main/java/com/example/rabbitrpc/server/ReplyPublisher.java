package com.example.rabbitrpc.server;

import com.example.rabbitrpc.server.oldbroker.ReplyTrials;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.rabbit.connection.Connection;
import org.springframework.amqp.rabbit.connection.ConnectionListener;

/**
 * Publishes replies to where requests say. Not through Spring's reply handling, which reads {@code reply_to} as {@code
 * exchange/key} and drops a correlation id that is blank. Where the broker is an old one, {@link ReplyTrials} come first.
 */
final class ReplyPublisher implements ConnectionListener {

    private static final int FIRST_VERSION_THAT_SURVIVES = 4;

    private final @Nullable ReplyTrials trials;
    private final String instanceId;

    private volatile boolean old = true;

    ReplyPublisher(@Nullable ReplyTrials trials, String instanceId) {
        this.trials = trials;
        this.instanceId = instanceId;
    }

    @Override
    public void onCreate(@Nullable Connection connection) {
        if (trials != null && connection != null) {
            com.rabbitmq.client.Connection delegate = connection.getDelegate();
            old = delegate == null || isOld(delegate.getServerProperties().get("version"));
            trials.forget();
        }
    }

    /** What is unknown is old. */
    static boolean isOld(@Nullable Object version) {
        String major = String.valueOf(version).split("\\.", 2)[0];
        return !major.matches("\\d{1,4}") || Integer.parseInt(major) < FIRST_VERSION_THAT_SURVIVES;
    }

    /** Whoever sends a reply. One of its methods is called, once, by this thread or another; none throws. */
    interface Sender {

        void sent();

        /** The broker does not survive the address. */
        void refused();

        void failed(Exception ex);
    }

    void publish(Reply reply, MessageProperties request, Channel channel, Sender sender) {
        String replyTo = String.valueOf(request.getReplyTo());
        BasicProperties properties = reply.properties(request.getCorrelationId(), instanceId);
        if (trials == null || !old || trials.isKnown(replyTo)) {
            publish(replyTo, properties, reply.body(), channel, sender);
        } else {
            trials.submit(replyTo, new ReplyTrials.Attempt() {
                @Override
                public BasicProperties properties() {
                    return properties;
                }

                @Override
                public byte[] body() {
                    return reply.body();
                }

                @Override
                public void sent() {
                    sender.sent();
                }

                @Override
                public void refused() {
                    sender.refused();
                }

                @Override
                public void unsent() {
                    publish(replyTo, properties, reply.body(), channel, sender);
                }
            });
        }
    }

    private static void publish(
            String replyTo, BasicProperties properties, byte[] body, Channel channel, Sender sender) {
        try {
            channel.basicPublish("", replyTo, properties, body);
        } catch (IOException | RuntimeException ex) {
            sender.failed(ex);
            return;
        }
        sender.sent();
    }
}
