package com.example.rabbitrpc.server;

import com.example.rabbitrpc.server.oldbroker.DirectReplyAddress;
import com.example.rabbitrpc.server.oldbroker.TrialConnection;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.rabbit.connection.Connection;
import org.springframework.amqp.rabbit.connection.ConnectionListener;

/**
 * Publishes replies to where requests say. Not through Spring's reply handling, which reads {@code reply_to} as {@code
 * exchange/key} and drops a correlation id that is blank.
 *
 * <p>A direct reply-to address that is seen for the first time is tried out on another connection. It names a process
 * within the broker, and older brokers, 3.10 for one, close the connection of whoever publishes to one that was forged, or whose
 * node is gone: with the connection that requests come by, the request would be delivered again, and so on for ever. Where
 * there is no other connection to be had, an honest caller's reply counts more.
 */
final class ReplyPublisher implements ConnectionListener {

    private static final int ADDRESSES_REMEMBERED = 10_000;

    private final @Nullable TrialConnection trial;
    private final String instanceId;
    private final Set<String> proven = Collections.synchronizedSet(Collections.newSetFromMap(new Recent()));

    ReplyPublisher(@Nullable TrialConnection trial, String instanceId) {
        this.trial = trial;
        this.instanceId = instanceId;
    }

    /** Whatever the last connection died of, an address may have been it. */
    @Override
    public void onCreate(@Nullable Connection connection) {
        proven.clear();
    }

    void publish(Reply reply, MessageProperties request, Channel channel) throws IOException {
        String replyTo = String.valueOf(request.getReplyTo());
        BasicProperties properties = reply.properties(request.getCorrelationId(), instanceId);
        boolean known = trial == null || !replyTo.startsWith(DirectReplyAddress.PREFIX) || proven.contains(replyTo);
        if (!known && trial != null && trial.publish(replyTo, properties, reply.body())) {
            proven.add(replyTo);
        } else {
            channel.basicPublish("", replyTo, properties, reply.body());
        }
    }

    private static final class Recent extends LinkedHashMap<String, Boolean> {

        private static final long serialVersionUID = 1L;

        Recent() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > ADDRESSES_REMEMBERED;
        }
    }
}
