package com.example.fib.server;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.stereotype.Component;
import org.springframework.util.InvalidMimeTypeException;
import org.springframework.util.MimeType;
import org.springframework.util.MimeTypeUtils;

/** From a message's bytes to n. It trusts nothing: no conversion, no deserialization, ASCII digits only. */
@Component
final class RequestReader {

    private static final Set<Charset> CHARSETS = Set.of(StandardCharsets.UTF_8, StandardCharsets.US_ASCII);

    private static final Set<String> ENCODINGS = Set.of("identity", "utf-8", "us-ascii");

    private final ServerSettings settings;

    private final Clock clock;

    RequestReader(ServerSettings settings, Clock clock) {
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Reads n.
     *
     * @throws RpcException INVALID_ARGUMENT, OUT_OF_RANGE or DEADLINE_EXCEEDED, in this order
     */
    int read(Message message) {
        MessageProperties properties = message.getMessageProperties();
        checkContentType(properties.getContentType());
        checkContentEncoding(properties.getContentEncoding());
        int n = number(message.getBody());
        checkDeadline(properties.getHeaders().get(RpcContract.DEADLINE));
        return n;
    }

    private int number(byte[] body) {
        if (body.length == 0 || body.length > RpcContract.MAX_BODY_BYTES) {
            throw invalid("The body must be a number of 1 to 20 digits.");
        }
        long value = 0;
        for (byte digit : body) {
            if (digit < '0' || digit > '9') {
                throw invalid("The body must be ASCII digits and nothing else.");
            }
            // Once above the limit it stays there, so that no number of digits overflows.
            value = value > settings.maxN() ? value : value * 10 + digit - '0';
        }
        if (value > settings.maxN()) {
            throw new RpcException(RpcStatus.OUT_OF_RANGE, "n must not be above " + settings.maxN() + ".");
        }
        return (int) value;
    }

    private void checkDeadline(@Nullable Object deadline) {
        if (deadline == null) {
            return;
        }
        if (!(deadline instanceof Long
                || deadline instanceof Integer
                || deadline instanceof Short
                || deadline instanceof Byte)) {
            throw invalid("The header x-deadline must be an integer: milliseconds since the epoch.");
        }
        if (((Number) deadline).longValue() < clock.millis()) {
            throw new RpcException(RpcStatus.DEADLINE_EXCEEDED, "The deadline had passed before the request was read.");
        }
    }

    private static void checkContentType(@Nullable String contentType) {
        if (contentType == null || contentType.isEmpty() || contentType.equals(MimeTypeUtils.TEXT_PLAIN_VALUE)) {
            return;
        }
        try {
            MimeType type = MimeTypeUtils.parseMimeType(contentType);
            Charset charset = type.getCharset();
            if (type.equalsTypeAndSubtype(MimeTypeUtils.TEXT_PLAIN)
                    && (charset == null || CHARSETS.contains(charset))) {
                return;
            }
        } catch (InvalidMimeTypeException ex) {
            // Answered like any other type that is not ours.
        }
        throw invalid("The content type must be text/plain in UTF-8 or US-ASCII, or none.");
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
