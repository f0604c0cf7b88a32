package com.example.fib.system;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Locale;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/** One HTTP/1.1 connection, kept alive, that never sends a request twice: what is lost shows. */
final class HttpCaller implements AutoCloseable {

    private final Entrance entrance;
    private final int timeout;
    private @Nullable Socket socket;
    private int answered;
    private InputStream in = InputStream.nullInputStream();

    /** A response's status and body. */
    record Answer(int status, String body) {}

    /**
     * Where callers come in, on this machine.
     *
     * @param tls for an entrance that speaks TLS
     * @param headers lines for every request
     */
    record Entrance(int port, @Nullable SSLSocketFactory tls, String headers) {

        static Entrance plain(int port) {
            return new Entrance(port, null, "");
        }
    }

    HttpCaller(int port, Duration timeout) {
        this(Entrance.plain(port), timeout);
    }

    HttpCaller(Entrance entrance, Duration timeout) {
        this.entrance = entrance;
        this.timeout = (int) timeout.toMillis();
    }

    /** Connects where there is no connection. */
    void connect() throws IOException {
        if (socket == null) {
            Socket fresh = new Socket();
            fresh.setTcpNoDelay(true);
            fresh.setSoTimeout(timeout);
            fresh.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), entrance.port()), timeout);
            SSLSocketFactory tls = entrance.tls();
            if (tls != null) {
                fresh = tls.createSocket(fresh, "localhost", entrance.port(), true);
            }
            in = new BufferedInputStream(fresh.getInputStream());
            socket = fresh;
            answered = 0;
        }
    }

    /** Gives up a connection that the other side has closed while it was idle: nothing was asked on it. */
    void closeIfEnded() {
        Socket connected = socket;
        if (connected != null) {
            try {
                connected.setSoTimeout(1);
                if (in.read() < 0) {
                    close();
                } else {
                    throw new IllegalStateException("an answer that was not asked for");
                }
            } catch (SocketTimeoutException ex) {
                // Open, and quiet.
            } catch (IOException ex) {
                close();
            }
        }
    }

    Answer get(String path) throws IOException {
        connect();
        Socket connected = socket;
        if (connected == null) {
            throw new IOException("closed");
        }
        connected.setSoTimeout(timeout);
        String request =
                "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n" + entrance.headers() + "\r\n";
        connected.getOutputStream().write(request.getBytes(ISO_8859_1));
        return answer();
    }

    private Answer answer() throws IOException {
        int status = Integer.parseInt(line().split(" ", 3)[1]);
        int length = 0;
        boolean chunked = false;
        boolean close = false;
        for (String header = line(); !header.isEmpty(); header = line()) {
            String[] parts = header.toLowerCase(Locale.ROOT).split(": *", 2);
            switch (parts[0]) {
                case "content-length" -> length = Integer.parseInt(parts[1]);
                case "transfer-encoding" -> chunked = true;
                case "connection" -> close = parts[1].equals("close");
                default -> {}
            }
        }
        answered++;
        String body = chunked ? chunks() : text(length);
        if (close) {
            close();
        }
        return new Answer(status, body);
    }

    private String chunks() throws IOException {
        StringBuilder body = new StringBuilder();
        for (int size = Integer.parseInt(line(), 16); size > 0; size = Integer.parseInt(line(), 16)) {
            body.append(text(size));
            line();
        }
        line();
        return body.toString();
    }

    private String text(int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("closed within a response");
        }
        return new String(bytes, ISO_8859_1);
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException(answered == 0 ? "new connection closed" : "kept connection closed");
            }
            line.write(next);
        }
        return line.toString(ISO_8859_1).strip();
    }

    @Override
    public void close() {
        Socket connected = socket;
        socket = null;
        if (connected != null) {
            try {
                connected.close();
            } catch (IOException ex) {
                // Gone is what it is to be.
            }
        }
    }
}
