package com.example.rabbitrpc.server;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Correlation ids that are no text, as those of RabbitMQ's tutorial in Erlang: the client reads an id as UTF-8, and cannot give back
 * what is none. Such bytes are made text before it sees them, a mark and one Latin-1 character for each, and bytes again after
 * it has written them. What would be too long as text stays as it is.
 */
final class RawCorrelationId {

    /** A character for private use, in UTF-8. */
    private static final byte[] MARK = "\ue000".getBytes(StandardCharsets.UTF_8);

    private static final int MAX_BYTES = 255;
    private static final int FLAGS_AT = 12;
    private static final int PROPERTIES_AT = 14;
    private static final int CONTENT_TYPE = 1 << 15;
    private static final int CONTENT_ENCODING = 1 << 14;
    private static final int HEADERS = 1 << 13;
    private static final int DELIVERY_MODE = 1 << 12;
    private static final int PRIORITY = 1 << 11;
    private static final int CORRELATION_ID = 1 << 10;

    private RawCorrelationId() {}

    /** A content header as the client can read it; the same array where nothing is to be done. */
    static byte[] toText(byte[] header) {
        byte[] id = find(header);
        if (id.length == 0 || (isText(id) && !isMarked(id))) {
            return header;
        }
        byte[] latin = new String(id, StandardCharsets.ISO_8859_1).getBytes(StandardCharsets.UTF_8);
        byte[] text = ByteBuffer.allocate(MARK.length + latin.length)
                .put(MARK)
                .put(latin)
                .array();
        return text.length > MAX_BYTES ? header : replace(header, id.length, text);
    }

    /** A content header as it was before. */
    static byte[] toBytes(byte[] header) {
        byte[] id = find(header);
        if (!isMarked(id)) {
            return header;
        }
        String latin = new String(id, MARK.length, id.length - MARK.length, StandardCharsets.UTF_8);
        return replace(header, id.length, latin.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static byte[] find(byte[] header) {
        try {
            ByteBuffer in = ByteBuffer.wrap(header);
            if ((in.getShort(FLAGS_AT) & CORRELATION_ID) == 0) {
                return new byte[0];
            }
            in.position(position(header));
            byte[] id = new byte[in.get() & 0xff];
            in.get(id);
            return id;
        } catch (IndexOutOfBoundsException | IllegalArgumentException | BufferUnderflowException ex) {
            return new byte[0]; // Broken: the client says so.
        }
    }

    /** Where its length is, behind the properties that come before it. */
    private static int position(byte[] header) {
        ByteBuffer in = ByteBuffer.wrap(header);
        int flags = in.getShort(FLAGS_AT);
        int at = PROPERTIES_AT;
        for (int property : new int[] {CONTENT_TYPE, CONTENT_ENCODING}) {
            at += (flags & property) == 0 ? 0 : 1 + (in.get(at) & 0xff);
        }
        at += (flags & HEADERS) == 0 ? 0 : Integer.BYTES + in.getInt(at);
        at += (flags & DELIVERY_MODE) == 0 ? 0 : 1;
        return at + ((flags & PRIORITY) == 0 ? 0 : 1);
    }

    private static byte[] replace(byte[] header, int length, byte[] id) {
        int at = position(header);
        int behind = at + 1 + length;
        return ByteBuffer.allocate(header.length - length + id.length)
                .put(header, 0, at)
                .put((byte) id.length)
                .put(id)
                .put(header, behind, header.length - behind)
                .array();
    }

    private static boolean isText(byte[] id) {
        for (byte b : id) {
            if (b < 0) {
                return isUtf8(id);
            }
        }
        return true;
    }

    private static boolean isUtf8(byte[] id) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(id));
            return true;
        } catch (CharacterCodingException ex) {
            return false;
        }
    }

    private static boolean isMarked(byte[] id) {
        return id.length >= MARK.length && id[0] == MARK[0] && id[1] == MARK[1] && id[2] == MARK[2];
    }
}
