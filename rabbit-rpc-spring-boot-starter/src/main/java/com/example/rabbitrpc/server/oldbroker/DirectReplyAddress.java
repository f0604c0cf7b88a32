package com.example.rabbitrpc.server.oldbroker;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The address that RabbitMQ makes of {@code amq.rabbitmq.reply-to}: the prefix, then in base64 the caller's channel (an
 * Erlang process id with its node's name hashed), a dot, and a key. Anybody may send one. Older brokers, such as
 * 3.10, close the whole connection of whoever publishes to one that they cannot decode. So only well-formed ones are accepted.
 */
public final class DirectReplyAddress {

    /** How these addresses begin. */
    public static final String PREFIX = "amq.rabbitmq.reply-to.";

    private static final Pattern ADDRESS =
            Pattern.compile(Pattern.quote(PREFIX) + "(?<pid>[A-Za-z0-9+/]+={0,2})\\.(?<key>[A-Za-z0-9+/]+={0,2})");

    private static final Pattern NODE = Pattern.compile("[a-z]+@[0-9]{1,9}");

    private static final byte EXTERNAL_TERM = (byte) 131;
    private static final byte NEW_PID = 88;
    private static final byte UTF8_ATOM = 118;
    private static final int ID_SERIAL_AND_CREATION = 12;

    /** Beyond these, older brokers cannot decode an id of a process of their own. */
    private static final int MAX_ID = (1 << 15) - 1;

    private static final int MAX_SERIAL = (1 << 13) - 1;

    private DirectReplyAddress() {}

    /** Whether it is well-formed. */
    public static boolean matches(String address) {
        return family(address) != null;
    }

    /**
     * What it has in common with others, of which the broker survives all or none: the node that it names. Where its process
     * is an odd one, it is the whole address; null where it is not well-formed.
     */
    static @Nullable String family(String address) {
        Matcher matcher = ADDRESS.matcher(address);
        if (!matcher.matches()) {
            return null;
        }
        try {
            ByteBuffer pid = ByteBuffer.wrap(Base64.getDecoder().decode(matcher.group("pid")));
            if (pid.get() != EXTERNAL_TERM || pid.get() != NEW_PID || pid.get() != UTF8_ATOM) {
                return null;
            }
            int length = Short.toUnsignedInt(pid.getShort());
            if (pid.remaining() != length + ID_SERIAL_AND_CREATION) {
                return null;
            }
            String node = new String(pid.array(), pid.position(), length, StandardCharsets.US_ASCII);
            pid.position(pid.position() + length);
            boolean plain = isWithin(pid.getInt(pid.position()), MAX_ID)
                    && isWithin(pid.getInt(pid.position() + Integer.BYTES), MAX_SERIAL);
            return !NODE.matcher(node).matches() ? null : plain ? node : address;
        } catch (IllegalArgumentException | BufferUnderflowException ex) {
            return null;
        }
    }

    private static boolean isWithin(int number, int max) {
        return Integer.compareUnsigned(number, max) <= 0;
    }
}
