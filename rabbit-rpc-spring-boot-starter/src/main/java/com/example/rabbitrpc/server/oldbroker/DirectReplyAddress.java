package com.example.rabbitrpc.server.oldbroker;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The address that RabbitMQ makes of {@code amq.rabbitmq.reply-to}: the prefix, then in base64 the caller's channel (an
 * Erlang process id with its node's name hashed), a dot, and a key. It comes back to us from strangers, and older brokers,
 * 3.10 for one, close the whole connection of whoever publishes to one that they cannot decode, so only a well-formed one will do.
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

    private DirectReplyAddress() {}

    public static boolean matches(String address) {
        Matcher matcher = ADDRESS.matcher(address);
        return matcher.matches() && isPid(matcher.group("pid"));
    }

    private static boolean isPid(String base64) {
        try {
            ByteBuffer pid = ByteBuffer.wrap(Base64.getDecoder().decode(base64));
            if (pid.get() != EXTERNAL_TERM || pid.get() != NEW_PID || pid.get() != UTF8_ATOM) {
                return false;
            }
            int length = Short.toUnsignedInt(pid.getShort());
            if (pid.remaining() != length + ID_SERIAL_AND_CREATION) {
                return false;
            }
            String node = new String(pid.array(), pid.position(), length, StandardCharsets.US_ASCII);
            return NODE.matcher(node).matches();
        } catch (IllegalArgumentException | BufferUnderflowException ex) {
            return false;
        }
    }
}
