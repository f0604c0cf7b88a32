package com.example.rabbitrpc.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.example.rabbitrpc.RpcHeaders;
import com.example.rabbitrpc.RpcReply;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageDeliveryMode;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.support.converter.MessageConversionException;
import org.springframework.amqp.support.converter.SmartMessageConverter;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.util.InvalidMimeTypeException;
import org.springframework.util.MimeType;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes numbers and text as text, like the tutorials' programs, bytes as bytes, and everything else as JSON. It reads a reply by its
 * content type into the type that the caller asks for, strictly. It never uses a type that the reply names.
 */
public final class RpcMessageConverter implements SmartMessageConverter {

    private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,1000000}");
    private static final Pattern PRINTABLE = Pattern.compile("[\\x21-\\x7e]{1,128}");
    private static final long LONGEST_MICROS = Duration.ofDays(365).toMillis() * 1_000;
    private static final MimeType TEXT = MimeType.valueOf("text/plain");
    private static final MimeType JSON = MimeType.valueOf("application/json");
    private static final MimeType BYTES = MimeType.valueOf("application/octet-stream");

    private final JsonMapper json;

    /** A converter with this mapper for JSON. */
    public RpcMessageConverter(JsonMapper json) {
        this.json = json;
    }

    @Override
    public Message toMessage(Object argument, MessageProperties properties) {
        properties.setDeliveryMode(MessageDeliveryMode.NON_PERSISTENT);
        if (argument instanceof Number || argument instanceof CharSequence) {
            properties.setContentType(MessageProperties.CONTENT_TYPE_TEXT_PLAIN);
            return new Message(argument.toString().getBytes(UTF_8), properties);
        }
        if (argument instanceof byte[] bytes) {
            properties.setContentType(MessageProperties.CONTENT_TYPE_BYTES);
            return new Message(bytes, properties);
        }
        properties.setContentType(MessageProperties.CONTENT_TYPE_JSON);
        try {
            return new Message(json.writeValueAsBytes(argument), properties);
        } catch (JacksonException ex) {
            throw new MessageConversionException("The argument cannot be written as JSON", ex);
        }
    }

    /** Text as String, JSON as Jackson's maps, lists and values, bytes as they are. */
    @Override
    public Object fromMessage(Message reply) {
        return read(reply, Object.class);
    }

    /**
     * The reply's body, as that type.
     *
     * @param type a {@link Type} or a {@link ParameterizedTypeReference}; {@link RpcReply} of a type also says who answered
     */
    @Override
    public Object fromMessage(Message reply, @Nullable Object type) {
        if (type instanceof ParameterizedTypeReference<?> reference) {
            return read(reply, reference.getType());
        }
        return read(reply, type instanceof Type given ? given : Object.class);
    }

    private Object read(Message reply, Type type) {
        if (type == RpcReply.class) {
            return described(reply, read(reply, Object.class));
        }
        if (type instanceof ParameterizedType parameterized && parameterized.getRawType() == RpcReply.class) {
            return described(reply, read(reply, parameterized.getActualTypeArguments()[0]));
        }
        if (type == byte[].class) {
            return reply.getBody();
        }
        String given = reply.getMessageProperties().getContentType();
        MimeType content = given == null || given.isEmpty() ? TEXT : mimeType(given);
        if (JSON.equalsTypeAndSubtype(content)) {
            return json(reply.getBody(), type);
        }
        if (BYTES.equalsTypeAndSubtype(content)) {
            // What some clients send unless they are told otherwise. Bytes, where nothing else is asked for.
            return type == Object.class ? reply.getBody() : scalar(text(reply.getBody(), UTF_8), type);
        }
        if (TEXT.equalsTypeAndSubtype(content)) {
            return scalar(text(reply.getBody(), charset(content)), type);
        }
        throw new MessageConversionException("The reply's content type is not one that is read");
    }

    private Object json(byte[] body, Type type) {
        try {
            Object value = json.readValue(body, json.constructType(type));
            if (value != null) {
                return value;
            }
        } catch (JacksonException ex) {
            throw new MessageConversionException("The reply is not the JSON that was asked for", ex);
        }
        throw new MessageConversionException("The reply is null");
    }

    private static Object scalar(String text, Type type) {
        if (type == Object.class || type == String.class || type == CharSequence.class) {
            return text;
        }
        if (!NUMBER.matcher(text).matches()) {
            throw new MessageConversionException("The reply is not a number");
        }
        try {
            if (type == Integer.class) {
                return Integer.valueOf(text);
            }
            if (type == Long.class) {
                return Long.valueOf(text);
            }
        } catch (NumberFormatException ex) {
            throw new MessageConversionException("The reply is a number that does not fit", ex);
        }
        if (type == BigInteger.class || type == Number.class) {
            return new BigInteger(text);
        }
        throw new MessageConversionException("Text is not what was asked for");
    }

    private static MimeType mimeType(String text) {
        try {
            return MimeType.valueOf(text);
        } catch (InvalidMimeTypeException ex) {
            throw new MessageConversionException("The reply's content type cannot be read", ex);
        }
    }

    private static Charset charset(MimeType content) {
        Charset charset;
        try {
            charset = content.getCharset();
        } catch (IllegalArgumentException ex) {
            throw new MessageConversionException("The reply's charset cannot be read", ex);
        }
        if (charset == null || charset.equals(UTF_8) || charset.equals(US_ASCII)) {
            return UTF_8;
        }
        throw new MessageConversionException("The reply's charset is not one that is read");
    }

    private static String text(byte[] body, Charset charset) {
        try {
            return charset.newDecoder().decode(ByteBuffer.wrap(body)).toString();
        } catch (CharacterCodingException ex) {
            throw new MessageConversionException("The reply is not text", ex);
        }
    }

    private static RpcReply<Object> described(Message reply, Object body) {
        MessageProperties properties = reply.getMessageProperties();
        Object server = properties.getHeader(RpcHeaders.SERVER);
        Object micros = properties.getHeader(RpcHeaders.COMPUTE_MICROS);
        return new RpcReply<>(
                body,
                printable(server),
                micros instanceof Number number ? time(number.longValue()) : null,
                printable(properties.getCorrelationId()));
    }

    private static @Nullable Duration time(long micros) {
        return micros >= 0 && micros <= LONGEST_MICROS ? Duration.of(micros, ChronoUnit.MICROS) : null;
    }

    /** It may go into an HTTP header, or a log: nothing but printable ASCII does. */
    private static @Nullable String printable(@Nullable Object value) {
        return value != null && PRINTABLE.matcher(value.toString()).matches() ? value.toString() : null;
    }
}
