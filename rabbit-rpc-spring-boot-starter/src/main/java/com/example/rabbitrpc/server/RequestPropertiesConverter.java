package com.example.rabbitrpc.server;

import com.example.rabbitrpc.RpcHeaders;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.LongString;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.rabbit.support.DefaultMessagePropertiesConverter;
import org.springframework.amqp.support.AmqpHeaders;

/**
 * Takes over from a request what the contract names, and nothing else, where the listener asks for no more. Spring's own
 * converter throws on a delivery mode of 3, outside of any error handler, which closes the channel and has the message
 * delivered for ever; it also drops a blank correlation id, and makes octet-stream of a missing content type.
 */
final class RequestPropertiesConverter extends DefaultMessagePropertiesConverter {

    private static final List<String> HEADERS = List.of(RpcHeaders.DEADLINE, "traceparent", "tracestate");

    private final boolean all;

    /** @param all whether the listener sees properties and headers */
    RequestPropertiesConverter(boolean all) {
        this.all = all;
    }

    @Override
    public MessageProperties toMessageProperties(BasicProperties source, @Nullable Envelope envelope, String charset) {
        MessageProperties target = new MessageProperties();
        target.setContentType(source.getContentType() == null ? "" : source.getContentType());
        target.setContentEncoding(source.getContentEncoding());
        target.setReplyTo(source.getReplyTo());
        target.setCorrelationId(source.getCorrelationId());
        target.setExpiration(source.getExpiration());
        Map<String, Object> headers = source.getHeaders() == null ? Map.of() : source.getHeaders();
        if (all) {
            target.setMessageId(source.getMessageId());
            target.setType(source.getType());
            target.setAppId(source.getAppId());
            target.setReceivedUserId(source.getUserId());
            target.setTimestamp(source.getTimestamp());
            if (source.getPriority() != null) {
                target.setPriority(source.getPriority());
            }
            headers.forEach((name, value) -> {
                if (!name.startsWith(AmqpHeaders.PREFIX)) { // Those are Spring's, for what the broker itself says.
                    target.getHeaders().put(name, plain(value));
                }
            });
        } else if (!headers.isEmpty()) {
            for (String name : HEADERS) {
                Object value = headers.get(name);
                if (value != null) {
                    target.getHeaders().put(name, plain(value));
                }
            }
        }
        if (envelope != null) {
            target.setDeliveryTag(envelope.getDeliveryTag());
            target.setRedelivered(envelope.isRedeliver());
            target.setReceivedExchange(envelope.getExchange());
            target.setReceivedRoutingKey(envelope.getRoutingKey());
        }
        return target;
    }

    /** Text as text, also within tables and lists. FrameGuard bounds how deep they nest. */
    private static @Nullable Object plain(@Nullable Object value) {
        if (value instanceof LongString text) {
            return text.toString();
        }
        if (value instanceof List<?> list) {
            return list.stream().map(RequestPropertiesConverter::plain).toList();
        }
        if (value instanceof Map<?, ?> table) {
            Map<String, @Nullable Object> plain = new LinkedHashMap<>();
            table.forEach((name, entry) -> plain.put(String.valueOf(name), plain(entry)));
            return plain;
        }
        return value;
    }
}
