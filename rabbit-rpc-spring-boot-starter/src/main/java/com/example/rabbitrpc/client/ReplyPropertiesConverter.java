package com.example.fib.gateway;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.LongString;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.rabbit.support.DefaultMessagePropertiesConverter;

/**
 * Takes over from a reply what the contract names, and nothing else. Spring's own converter also reads what brokers add, warns of
 * what it cannot, and logs it as it is, line breaks and all.
 */
final class ReplyPropertiesConverter extends DefaultMessagePropertiesConverter {

    private static final List<String> HEADERS =
            List.of(RpcContract.STATUS_HEADER, RpcContract.SERVER_HEADER, RpcContract.COMPUTE_HEADER);

    @Override
    public MessageProperties toMessageProperties(BasicProperties source, @Nullable Envelope envelope, String charset) {
        MessageProperties target = new MessageProperties();
        target.setCorrelationId(source.getCorrelationId());
        Map<String, Object> headers = source.getHeaders();
        if (headers != null) {
            for (String name : HEADERS) {
                Object value = headers.get(name);
                if (value != null) {
                    target.setHeader(name, value instanceof LongString text ? text.toString() : value);
                }
            }
        }
        return target;
    }
}
