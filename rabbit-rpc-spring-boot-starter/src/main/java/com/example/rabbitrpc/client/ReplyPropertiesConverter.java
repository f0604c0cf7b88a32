package com.example.rabbitrpc.client;

import com.example.rabbitrpc.RpcHeaders;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.LongString;
import java.util.Map;
import org.springframework.amqp.core.MessageProperties;

/**
 * Takes over from a reply what a converter may need: text and numbers. Spring's own also reads what brokers add, warns of what it
 * cannot, and logs it as it is, line breaks and all.
 */
final class ReplyPropertiesConverter {

    private static final int LONGEST_HEADER = 1_024;

    private static final String UNREADABLE = "?";

    private ReplyPropertiesConverter() {}

    static MessageProperties toMessageProperties(BasicProperties source) {
        MessageProperties target = new MessageProperties();
        target.setCorrelationId(source.getCorrelationId());
        target.setContentType(source.getContentType());
        target.setContentEncoding(source.getContentEncoding());
        target.setMessageId(source.getMessageId());
        target.setType(source.getType());
        Map<String, Object> headers = source.getHeaders();
        if (headers != null) {
            headers.forEach((name, value) -> {
                if (value instanceof LongString text) {
                    if (text.length() <= LONGEST_HEADER) {
                        target.setHeader(name, text.toString());
                    }
                } else if (value instanceof String || value instanceof Number || value instanceof Boolean) {
                    target.setHeader(name, value);
                }
                if (name.equals(RpcHeaders.STATUS) && target.getHeader(name) == null) {
                    target.setHeader(name, UNREADABLE); // which is not the same as none: none means OK
                }
            });
        }
        return target;
    }
}
