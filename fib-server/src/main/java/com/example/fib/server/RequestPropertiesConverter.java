package com.example.fib.server;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.LongString;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.rabbit.support.DefaultMessagePropertiesConverter;

/**
 * Takes over from a request what the contract names, and nothing else. Spring's own converter throws on a delivery mode
 * of 3, outside of any error handler, which closes the channel and has the message delivered for ever; it also drops a blank correlation id, and makes octet-stream of a missing content type.
 */
final class RequestPropertiesConverter extends DefaultMessagePropertiesConverter {

    private static final List<String> HEADERS = List.of(RpcContract.DEADLINE, "traceparent", "tracestate");

    @Override
    public MessageProperties toMessageProperties(BasicProperties source, @Nullable Envelope envelope, String charset) {
        MessageProperties target = new MessageProperties();
        target.setContentType(source.getContentType() == null ? "" : source.getContentType());
        target.setContentEncoding(source.getContentEncoding());
        target.setReplyTo(source.getReplyTo());
        target.setCorrelationId(source.getCorrelationId());
        copyHeaders(source.getHeaders(), target);
        if (envelope != null) {
            target.setDeliveryTag(envelope.getDeliveryTag());
            target.setRedelivered(envelope.isRedeliver());
            target.setReceivedExchange(envelope.getExchange());
            target.setReceivedRoutingKey(envelope.getRoutingKey());
        }
        return target;
    }

    private static void copyHeaders(@Nullable Map<String, Object> source, MessageProperties target) {
        if (source == null || source.isEmpty()) {
            return;
        }
        for (String name : HEADERS) {
            Object value = source.get(name);
            if (value != null) {
                target.setHeader(name, value instanceof LongString text ? text.toString() : value);
            }
        }
    }
}
