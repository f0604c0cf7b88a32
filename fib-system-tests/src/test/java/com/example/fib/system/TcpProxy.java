package com.example.fib.system;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** A TCP proxy on loopback that can do what a bad network does. */
final class TcpProxy implements Toxics, AutoCloseable {

    private static final int CHUNK = 8192;
    private static final int CHUNKS_UNDER_WAY = 256;
    private static final long POLL_NANOS = 5_000_000;

    private final ServerSocket listener;
    private final String host;
    private final int port;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean blackhole;
    private volatile boolean sliced;
    private volatile long delay;

    private record Chunk(ByteBuffer bytes, long due) {}

    TcpProxy(String host, int port) throws IOException {
        this.host = host;
        this.port = port;
        this.listener = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        start("proxy-accept", this::accept);
    }

    /** Where it listens. */
    String address() {
        return listener.getInetAddress().getHostAddress() + ":" + listener.getLocalPort();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket near = track(listener.accept());
                Socket far = track(new Socket(host, port));
                pump(near, far);
                pump(far, near);
            } catch (IOException ex) {
                // Closed, or the other side is not there: the caller sees it by its own connection.
                if (!listener.isClosed()) {
                    reset();
                }
            }
        }
    }

    private Socket track(Socket socket) throws IOException {
        socket.setTcpNoDelay(true);
        sockets.add(socket);
        return socket;
    }

    private void pump(Socket from, Socket to) {
        BlockingQueue<Chunk> underWay = new ArrayBlockingQueue<>(CHUNKS_UNDER_WAY);
        start("proxy-read", () -> read(from, underWay));
        start("proxy-write", () -> write(to, underWay));
    }

    private void read(Socket from, BlockingQueue<Chunk> underWay) {
        byte[] buffer = new byte[CHUNK];
        try {
            InputStream in = from.getInputStream();
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                underWay.put(new Chunk(ByteBuffer.wrap(buffer.clone(), 0, length), System.nanoTime() + delay));
            }
        } catch (IOException ex) {
            // Ends like the end of the stream.
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
        underWay.offer(new Chunk(ByteBuffer.allocate(0), System.nanoTime() + delay));
    }

    private void write(Socket to, BlockingQueue<Chunk> underWay) {
        try (to) {
            OutputStream out = to.getOutputStream();
            for (Chunk chunk = underWay.take(); chunk.bytes().hasRemaining(); chunk = underWay.take()) {
                LockSupport.parkNanos(chunk.due() - System.nanoTime());
                awaitPassage(to);
                send(out, chunk.bytes());
            }
            awaitPassage(to);
        } catch (IOException ex) {
            // Its reader ends with the socket.
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
        sockets.remove(to);
    }

    private void awaitPassage(Socket to) {
        while (blackhole && !to.isClosed()) {
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    private void send(OutputStream out, ByteBuffer bytes) throws IOException {
        if (!sliced) {
            Channels.newChannel(out).write(bytes);
            return;
        }
        while (bytes.hasRemaining()) {
            out.write(bytes.get());
        }
    }

    private static void start(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void blackhole() {
        blackhole = true;
    }

    @Override
    public void reset() {
        for (Socket socket : sockets) {
            try {
                socket.setSoLinger(true, 0);
                socket.close();
            } catch (IOException ex) {
                // Closed already.
            }
        }
        sockets.clear();
    }

    @Override
    public void latency(Duration added) {
        delay = added.toNanos();
    }

    @Override
    public void slice() {
        sliced = true;
    }

    @Override
    public void off() {
        blackhole = false;
        sliced = false;
        delay = 0;
    }

    @Override
    public void close() throws IOException {
        listener.close();
        reset();
    }
}
