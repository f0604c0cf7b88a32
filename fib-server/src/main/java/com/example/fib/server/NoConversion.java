package com.example.fib.server;

import java.util.Map;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.support.AmqpHeaderMapper;
import org.springframework.amqp.support.converter.MessageConversionException;
import org.springframework.amqp.support.converter.MessageConverter;
import org.springframework.messaging.MessageHeaders;
import org.springframework.stereotype.Component;

/**
 * Leaves bodies and headers alone. Spring converts both even where the listener takes the message as it is: its default converter
 * throws on an unknown charset and on a Java object, which it deserializes where it is set to trust the class, and its headers are a
 * map for each message that nobody reads.
 */
@Component
final class NoConversion implements MessageConverter, AmqpHeaderMapper {

    private static final MessageHeaders NONE = new MessageHeaders(Map.of());

    @Override
    public Object fromMessage(Message message) {
        return message.getBody();
    }

    @Override
    public Message toMessage(Object object, MessageProperties messageProperties) {
        throw new MessageConversionException("Replies are built as bytes");
    }

    @Override
    public MessageHeaders toHeaders(MessageProperties properties) {
        return NONE;
    }

    @Override
    public void fromHeaders(MessageHeaders headers, MessageProperties properties) {
        throw new MessageConversionException("Replies are built as bytes");
    }
}
