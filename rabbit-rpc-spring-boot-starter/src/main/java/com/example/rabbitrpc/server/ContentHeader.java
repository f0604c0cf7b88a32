package com.example.rabbitrpc.server;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/**
 * A message's content header as it comes over the wire (AMQP 0-9-1, 4.2.6.1): class, weight, body size, flags, then the
 * properties that the flags name, of which the first three are content type, content encoding and headers.
 */
final class ContentHeader {

    /** As deep as headers may nest; the client gives up at 32, and none of ours nest at all. */
    private static final int MAX_DEPTH = 16;

    private static final int BODY_SIZE_AT = 4;
    private static final int FLAGS_AT = 12;
    private static final int PROPERTIES_AT = 14;
    private static final int CONTENT_TYPE = 1 << 15;
    private static final int CONTENT_ENCODING = 1 << 14;
    private static final int HEADERS = 1 << 13;

    private final byte[] payload;
    private final int keptBytes;

    /** @param keptBytes of a longer body this much is kept */
    ContentHeader(byte[] payload, int keptBytes) {
        this.payload = payload;
        this.keptBytes = keptBytes;
    }

    boolean isTooLong() {
        return Long.compareUnsigned(ByteBuffer.wrap(payload).getLong(BODY_SIZE_AT), keptBytes) > 0;
    }

    /** Returns the payload as it was where all is well, else without its headers, or with the size of what is kept. */
    byte[] safe() {
        ByteBuffer in = ByteBuffer.wrap(payload);
        int flags = in.getShort(FLAGS_AT);
        byte[] safe = payload;
        if ((flags & HEADERS) != 0) {
            in.position(PROPERTIES_AT);
            skipShortString(in, flags & CONTENT_TYPE);
            skipShortString(in, flags & CONTENT_ENCODING);
            int start = in.position();
            int end = start + Integer.BYTES + in.getInt();
            if (!isReadable(in.limit(end), 0)) {
                safe = ByteBuffer.allocate(payload.length - (end - start))
                        .put(payload, 0, start)
                        .put(payload, end, payload.length - end)
                        .putShort(FLAGS_AT, (short) (flags & ~HEADERS))
                        .array();
            }
        }
        if (isTooLong()) {
            safe = safe == payload ? payload.clone() : safe;
            ByteBuffer.wrap(safe).putLong(BODY_SIZE_AT, keptBytes);
        }
        return safe;
    }

    /** Whether the table's entries, from the buffer's position to its limit, are such that the client can read them. */
    private static boolean isReadable(ByteBuffer table, int depth) {
        try {
            while (table.hasRemaining()) {
                skipShortString(table, 1);
                if (!skipValue(table, depth)) {
                    return false;
                }
            }
            return true;
        } catch (BufferUnderflowException | IllegalArgumentException ex) {
            return false;
        }
    }

    private static boolean skipValue(ByteBuffer in, int depth) {
        int type = in.get();
        return switch (type) {
            case 'V' -> true;
            case 't', 'b', 'B' -> skip(in, 1);
            case 's', 'u' -> skip(in, 2);
            case 'I', 'i', 'f' -> skip(in, 4);
            case 'D' -> skip(in, 5);
            case 'l', 'd', 'T' -> skip(in, 8);
            case 'S', 'x' -> skip(in, in.getInt());
            case 'F', 'A' -> skipNested(in, type, depth + 1);
            default -> false;
        };
    }

    private static boolean skipNested(ByteBuffer in, int type, int depth) {
        int end = in.getInt() + in.position();
        if (depth > MAX_DEPTH || end < in.position() || end > in.limit()) {
            return false;
        }
        ByteBuffer nested = in.duplicate().limit(end);
        in.position(end);
        if (type == 'F') {
            return isReadable(nested, depth);
        }
        while (nested.hasRemaining()) {
            if (!skipValue(nested, depth)) {
                return false;
            }
        }
        return true;
    }

    private static boolean skip(ByteBuffer in, int bytes) {
        in.position(in.position() + bytes);
        return bytes >= 0;
    }

    private static void skipShortString(ByteBuffer in, int present) {
        if (present != 0) {
            skip(in, in.get() & 0xff);
        }
    }
}
