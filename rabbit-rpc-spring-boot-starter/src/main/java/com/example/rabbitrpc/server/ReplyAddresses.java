package com.example.rabbitrpc.server;

import com.example.rabbitrpc.server.oldbroker.DirectReplyAddress;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.util.ConcurrentLruCache;

/**
 * Where replies may go: to queues made for them, and nowhere else. Otherwise any sender could have this server publish to
 * any queue, to the request queue itself for one, and loop for ever.
 */
final class ReplyAddresses {

    /** The broker itself has named such queues. */
    private static final Pattern SERVER_NAMED = Pattern.compile("amq\\.gen-[^/]+");

    private static final int REMEMBERED = 1_000;

    private final Set<String> requestQueues;
    private final @Nullable Pattern further;

    /** A gateway has one address for all of its calls. */
    private final ConcurrentLruCache<String, Boolean> allowed = new ConcurrentLruCache<>(REMEMBERED, this::allows);

    ReplyAddresses(Set<String> requestQueues, @Nullable Pattern further) {
        this.requestQueues = requestQueues;
        this.further = further;
    }

    /** Returns why no reply to this request can be sent, for the log, or null where one can. */
    @Nullable
    String objection(MessageProperties request) {
        String replyTo = request.getReplyTo();
        String correlationId = request.getCorrelationId();
        if (replyTo == null || replyTo.isEmpty()) {
            return "no reply_to";
        }
        if (correlationId == null || correlationId.isEmpty()) {
            return "no correlation_id";
        }
        return allowed.get(replyTo)
                ? null
                : "a reply_to that is no reply queue (rabbit.rpc.server.reply-to-pattern allows further ones)";
    }

    private boolean allows(String replyTo) {
        if (requestQueues.contains(replyTo)) {
            return false;
        }
        return DirectReplyAddress.matches(replyTo)
                || SERVER_NAMED.matcher(replyTo).matches()
                || (further != null && further.matcher(replyTo).matches());
    }
}
