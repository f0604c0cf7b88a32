package com.example.rabbitrpc.server;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.WriteListener;
import com.rabbitmq.client.impl.AMQConnection;
import com.rabbitmq.client.impl.Frame;
import com.rabbitmq.client.impl.FrameHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Stands between the socket and the client, and sees to it that one message cannot cost the connection. The client closes
 * it over headers nested more than 32 deep and over bodies above its limit; the broker then delivers the message again, for
 * ever. Here such headers are taken off the message, and of a long body only the beginning is kept. It also keeps a
 * {@link RawCorrelationId} what it is, and tells the {@link ReadingThread} what it reads.
 */
final class FrameGuard implements FrameHandler {

    private final FrameHandler socket;
    private final ReadingThread reading;
    private final int keptBytes;

    /** By channel: how much of the body being received is still to be kept. The connection's reader alone uses it. */
    private final Map<Integer, Integer> keep = new HashMap<>();

    /** @param keptBytes of a longer body this much is kept */
    FrameGuard(FrameHandler socket, int keptBytes) {
        this.socket = socket;
        this.reading = new ReadingThread(socket);
        this.keptBytes = keptBytes;
    }

    @Override
    public @Nullable Frame readFrame() throws IOException {
        reading.reads();
        Frame frame = socket.readFrame();
        while (frame != null && frame.getType() == AMQP.FRAME_BODY && keep.getOrDefault(frame.getChannel(), 1) == 0) {
            frame = socket.readFrame();
        }
        if (frame == null) {
            return null;
        }
        switch (frame.getType()) {
            case AMQP.FRAME_HEADER -> {
                reading.hasRead();
                return header(frame);
            }
            case AMQP.FRAME_BODY -> {
                reading.hasRead();
                return body(frame);
            }
            default -> {
                return frame;
            }
        }
    }

    ReadingThread reading() {
        return reading;
    }

    private Frame header(Frame frame) {
        ContentHeader header = new ContentHeader(frame.getPayload(), keptBytes);
        if (header.isTooLong()) {
            keep.put(frame.getChannel(), keptBytes);
        } else {
            keep.remove(frame.getChannel());
        }
        byte[] safe = RawCorrelationId.toText(header.safe());
        return safe == frame.getPayload() ? frame : new Frame(frame.getType(), frame.getChannel(), safe);
    }

    private Frame body(Frame frame) {
        Integer left = keep.get(frame.getChannel());
        if (left == null) {
            return frame;
        }
        byte[] payload = frame.getPayload();
        int kept = Math.min(left, payload.length);
        keep.put(frame.getChannel(), left - kept);
        return new Frame(frame.getType(), frame.getChannel(), Arrays.copyOf(payload, kept));
    }

    @Override
    public void initialize(AMQConnection connection) {
        reading.serves(connection);
        socket.initialize(connection);
    }

    @Override
    public boolean internalHearbeat() {
        return socket.internalHearbeat();
    }

    @Override
    public void setTimeout(int timeoutMs) throws SocketException {
        socket.setTimeout(timeoutMs);
    }

    @Override
    public int getTimeout() throws SocketException {
        return socket.getTimeout();
    }

    @Override
    public void sendHeader() throws IOException {
        socket.sendHeader();
    }

    @Override
    public void startProcessing() {
        socket.startProcessing();
    }

    @Override
    public void finishConnectionNegotiation() {
        socket.finishConnectionNegotiation();
    }

    @Override
    public void setFrameMax(int frameMax) {
        socket.setFrameMax(frameMax);
    }

    @Override
    public void writeFrame(Frame frame) throws IOException {
        Frame written = frame;
        if (frame.getType() == AMQP.FRAME_HEADER) {
            byte[] payload = frame.getPayload();
            byte[] original = RawCorrelationId.toBytes(payload);
            if (original != payload) {
                written = new Frame(frame.getType(), frame.getChannel());
                written.getOutputStream().write(original);
            }
        }
        socket.writeFrame(written);
    }

    @Override
    public void flush(@Nullable WriteListener listener) throws IOException {
        if (listener != null || !reading.flushesLater()) {
            socket.flush(listener);
        }
    }

    @Override
    public void close() {
        socket.close();
    }

    @Override
    public InetAddress getLocalAddress() {
        return socket.getLocalAddress();
    }

    @Override
    public int getLocalPort() {
        return socket.getLocalPort();
    }

    @Override
    public InetAddress getAddress() {
        return socket.getAddress();
    }

    @Override
    public int getPort() {
        return socket.getPort();
    }
}
