package com.example.fib.server;

import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.support.converter.MessageConversionException;
import org.springframework.amqp.support.converter.MessageConverter;
import org.springframework.stereotype.Component;

/**
 * Leaves bodies alone. Spring converts a body even where the listener takes the whole message, and its default converter
 * throws on an unknown charset and on a Java object, which it deserializes where it is set to trust the class.
 */
@Component
final class NoConversion implements MessageConverter {

    @Override
    public Object fromMessage(Message message) {
        return message.getBody();
    }

    @Override
    public Message toMessage(Object object, MessageProperties messageProperties) {
        throw new MessageConversionException("Replies are built as bytes");
    }
}
