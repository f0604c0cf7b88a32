package com.example.fib.server;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.stereotype.Component;
import org.springframework.util.ConcurrentLruCache;

/**
 * Where replies may go: to queues made for them, and nowhere else. Otherwise any sender could have this server publish to
 * any queue, to the request queue itself for one, and loop for ever.
 */
@Component
final class ReplyAddresses {

    private static final Pattern SERVER_NAMED =
            Pattern.compile(Pattern.quote(RpcContract.SERVER_NAMED_QUEUE) + "[^/]+");

    private static final int REMEMBERED = 1_000;

    private final ServerSettings settings;

    /** A gateway has one address for all of its calls. */
    private final ConcurrentLruCache<String, Boolean> allowed = new ConcurrentLruCache<>(REMEMBERED, this::allows);

    ReplyAddresses(ServerSettings settings) {
        this.settings = settings;
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
        return allowed.get(replyTo) ? null : "a reply_to that is no reply queue";
    }

    private boolean allows(String replyTo) {
        if (replyTo.equals(settings.queue().name())) {
            return false;
        }
        Pattern further = settings.replyToPattern();
        return DirectReplyAddress.matches(replyTo)
                || SERVER_NAMED.matcher(replyTo).matches()
                || (further != null && further.matcher(replyTo).matches());
    }
}
