package com.example.fib.broker;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.rabbitmq.client.ConnectionFactory;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;

/** AMQP 0-9-1 by hand, byte by byte: for messages that no client library would send. Strings stand for bytes. */
public final class WireClient implements AutoCloseable {

    private static final int METHOD = 1;
    private static final int HEADER = 2;
    private static final int BODY = 3;
    private static final int GET_EMPTY = 72;
    private static final int PROPERTIES_AT = 14;

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;

    public WireClient(TestBroker broker) throws IOException {
        ConnectionFactory settings = broker.connectionFactory();
        socket = new Socket(settings.getHost(), settings.getPort());
        socket.setSoTimeout(5_000);
        in = new DataInputStream(socket.getInputStream());
        out = new DataOutputStream(socket.getOutputStream());
        out.write("AMQP\0\0\u0009\u0001".getBytes(ISO_8859_1));
        expect(10, 10);
        String login = "\0" + settings.getUsername() + "\0" + settings.getPassword();
        send(METHOD, 0, "\0\n\0\u000b" + "\0\0\0\0" + shortString("PLAIN") + longString(login) + shortString("en_US"));
        expect(10, 30);
        send(METHOD, 0, "\0\n\0\u001f" + number(2_047, 2) + number(131_072, 4) + "\0\0");
        send(METHOD, 0, "\0\n\0(" + shortString(settings.getVirtualHost()) + "\0\0");
        expect(10, 41);
        send(METHOD, 1, "\0\u0014\0\n\0");
        expect(20, 11);
    }

    /** Publishes: properties as they stand on the wire, in the order of their flags. */
    public void publish(String queue, int flags, String properties, String body) throws IOException {
        send(METHOD, 1, "\0<\0(" + "\0\0" + shortString("") + shortString(queue) + "\0");
        send(HEADER, 1, "\0<\0\0" + number(body.length(), 8) + number(flags, 2) + properties);
        send(BODY, 1, body);
    }

    /** Takes a message with a body and returns its properties as they stand on the wire; nothing where there is none. */
    public String get(String queue) throws IOException {
        send(METHOD, 1, "\0<\0F" + "\0\0" + shortString(queue) + "\u0001");
        if (receive()[3] == GET_EMPTY) {
            return "";
        }
        String header = new String(receive(), ISO_8859_1);
        receive();
        return header.substring(PROPERTIES_AT);
    }

    /** Whether the broker has said anything; that is a close, for it is asked for nothing. */
    public boolean isClosed() throws IOException {
        return in.available() > 0;
    }

    public static String shortString(String bytes) {
        return number(bytes.length(), 1) + bytes;
    }

    public static String longString(String bytes) {
        return number(bytes.length(), 4) + bytes;
    }

    public static String number(long value, int bytes) {
        StringBuilder number = new StringBuilder();
        for (int i = bytes - 1; i >= 0; i--) {
            number.append((char) (value >>> (8 * i) & 0xff));
        }
        return number.toString();
    }

    private void send(int type, int channel, String payload) throws IOException {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.writeBytes((number(type, 1) + number(channel, 2) + longString(payload)).getBytes(ISO_8859_1));
        frame.write(0xce);
        out.write(frame.toByteArray());
        out.flush();
    }

    private void expect(int classId, int methodId) throws IOException {
        byte[] payload = receive();
        if (payload[1] != classId || payload[3] != methodId) {
            throw new IOException("unexpected method " + payload[1] + "." + payload[3]);
        }
    }

    private byte[] receive() throws IOException {
        in.readUnsignedByte();
        in.readUnsignedShort();
        byte[] payload = new byte[in.readInt()];
        in.readFully(payload);
        in.readUnsignedByte();
        return payload;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
