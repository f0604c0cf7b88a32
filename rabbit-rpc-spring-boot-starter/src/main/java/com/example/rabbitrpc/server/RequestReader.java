package com.example.rabbitrpc.server;

import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import java.lang.reflect.Type;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.util.ClassUtils;
import org.springframework.util.InvalidMimeTypeException;
import org.springframework.util.MimeType;
import org.springframework.util.MimeTypeUtils;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.json.JsonMapper;

/**
 * From a message's bytes to what a listener declares. It trusts nothing: the declared type decides, never a header; text and
 * numbers come as text, everything else as JSON, and nothing is ever deserialized by Java.
 */
final class RequestReader {

    /** What text may call itself. Some languages' clients say octet-stream where nobody told them anything. */
    private static final Set<String> PLAIN = Set.of("", MimeTypeUtils.TEXT_PLAIN_VALUE, "application/octet-stream");

    private static final Set<Charset> CHARSETS = Set.of(StandardCharsets.UTF_8, StandardCharsets.US_ASCII);
    private static final Set<String> ENCODINGS = Set.of("identity", "utf-8", "us-ascii");
    private static final int MAX_DIGITS = 20;
    private static final int MAX_BIG_DIGITS = 1_000;
    private static final Pattern PROPERTY = Pattern.compile("\\w{1,60}");

    private final JsonMapper json;
    private final int maxBytes;

    RequestReader(JsonMapper json, int maxBytes) {
        this.json = json;
        this.maxBytes = maxBytes;
    }

    /**
     * Reads a body.
     *
     * @throws RpcException INVALID_ARGUMENT or OUT_OF_RANGE
     */
    Object read(Message message, Type declared) {
        MessageProperties properties = message.getMessageProperties();
        Class<?> type = declared instanceof Class<?> plain ? ClassUtils.resolvePrimitiveIfNecessary(plain) : Void.class;
        boolean text = type == byte[].class
                || type == String.class
                || type == CharSequence.class
                || type == Integer.class
                || type == Long.class
                || type == BigInteger.class;
        Charset charset = text ? textCharset(properties.getContentType()) : jsonCharset(properties.getContentType());
        checkContentEncoding(properties.getContentEncoding());
        byte[] body = message.getBody();
        if (body.length > maxBytes) {
            throw invalid("The body must not be longer than " + maxBytes + " bytes.");
        }
        if (!text) {
            return json(body, declared);
        }
        if (type == byte[].class) {
            return body;
        }
        if (type == Integer.class) {
            return (int) number(body, Integer.MAX_VALUE);
        }
        if (type == Long.class) {
            return number(body, Long.MAX_VALUE);
        }
        return type == BigInteger.class ? new BigInteger(digits(body, MAX_BIG_DIGITS)) : text(body, charset);
    }

    private static long number(byte[] body, long max) {
        digits(body, MAX_DIGITS);
        long number = 0;
        for (byte digit : body) {
            int value = digit - '0';
            if (number > (max - value) / 10) {
                throw new RpcException(RpcStatus.OUT_OF_RANGE, "The number must not be above " + max + ".");
            }
            number = number * 10 + value;
        }
        return number;
    }

    private static String digits(byte[] body, int max) {
        if (body.length == 0 || body.length > max) {
            throw invalid("The body must be a number of 1 to " + max + " digits.");
        }
        for (byte digit : body) {
            if (digit < '0' || digit > '9') {
                throw invalid("The body must be ASCII digits and nothing else.");
            }
        }
        return new String(body, StandardCharsets.US_ASCII);
    }

    private static String text(byte[] body, Charset charset) {
        try {
            // A new decoder reports what it cannot read, where String would replace it.
            return charset.newDecoder().decode(ByteBuffer.wrap(body)).toString();
        } catch (CharacterCodingException ex) {
            throw invalid("The body must be text in " + charset.name() + ".");
        }
    }

    private Object json(byte[] body, Type declared) {
        JavaType type = json.constructType(declared);
        Object value;
        try {
            value = json.readValue(body, type);
        } catch (JacksonException ex) {
            throw new RpcException(RpcStatus.INVALID_ARGUMENT, sentence(ex), ex);
        }
        if (value == null) {
            throw invalid("The body must not be null.");
        }
        return value;
    }

    /** Jackson's own messages name classes, and repeat the body. */
    private static String sentence(JacksonException ex) {
        List<JacksonException.Reference> path = ex.getPath();
        if (path == null || path.isEmpty()) {
            return "The body must be JSON of the shape that is asked for.";
        }
        String place = path.stream().map(RequestReader::name).collect(Collectors.joining("."));
        return "The body must be JSON of the shape that is asked for, and is not at " + place + ".";
    }

    private static String name(JacksonException.Reference reference) {
        String property = reference.getPropertyName();
        if (property == null) {
            return Integer.toString(reference.getIndex());
        }
        return PROPERTY.matcher(property).matches() ? property : "?";
    }

    private static Charset textCharset(@Nullable String contentType) {
        String given = contentType == null ? "" : contentType;
        if (PLAIN.contains(given)) {
            return StandardCharsets.UTF_8;
        }
        MimeType type = parsed(given);
        if (type != null && PLAIN.contains(type.getType() + "/" + type.getSubtype())) {
            Charset charset = type.getCharset();
            if (charset == null || CHARSETS.contains(charset)) {
                return charset == null ? StandardCharsets.UTF_8 : charset;
            }
        }
        throw invalid("The content type must be text/plain in UTF-8 or US-ASCII, or none.");
    }

    private static Charset jsonCharset(@Nullable String contentType) {
        MimeType type = contentType == null ? null : parsed(contentType);
        if (type != null && type.equalsTypeAndSubtype(MimeTypeUtils.APPLICATION_JSON)) {
            Charset charset = type.getCharset();
            if (charset == null || CHARSETS.contains(charset)) {
                return StandardCharsets.UTF_8;
            }
        }
        throw invalid("The content type must be application/json in UTF-8.");
    }

    private static @Nullable MimeType parsed(String contentType) {
        try {
            return MimeTypeUtils.parseMimeType(contentType);
        } catch (InvalidMimeTypeException ex) {
            return null; // Answered like any other type that is not ours.
        }
    }

    private static void checkContentEncoding(@Nullable String encoding) {
        if (encoding != null && !encoding.isEmpty() && !ENCODINGS.contains(encoding.toLowerCase(Locale.ROOT))) {
            throw invalid("The content encoding must be none, identity, UTF-8 or US-ASCII.");
        }
    }

    private static RpcException invalid(String sentence) {
        return new RpcException(RpcStatus.INVALID_ARGUMENT, sentence);
    }
}
