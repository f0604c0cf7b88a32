package com.example.fib.gateway.edge;

import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.apache.coyote.Adapter;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.tomcat.util.net.NioEndpoint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tomcat's protocol, but that it can stop listening without resetting whom the kernel has let in by then: connections that
 * wait to be accepted, and the one that Tomcat accepts to wake its acceptor, are served like those before them.
 */
public final class DrainingProtocol extends Http11NioProtocol {

    private static final Logger log = LoggerFactory.getLogger(DrainingProtocol.class);

    private static final int RESPONSE_BUFFER = 2_048;
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Endpoint endpoint;

    /** By name, from Tomcat. */
    public DrainingProtocol() {
        this(new Endpoint());
    }

    private DrainingProtocol(Endpoint endpoint) {
        super(endpoint);
        this.endpoint = endpoint;
    }

    /** Of what is written of a response before it goes out, twice as much again for characters; 8 KB by default. In bytes. */
    @Override
    public int getDesiredBufferSize() {
        return RESPONSE_BUFFER;
    }

    @Override
    public void setAdapter(Adapter adapter) {
        super.setAdapter(new WholeServer(adapter));
    }

    void stopListening() {
        endpoint.closing = true;
        closeServerSocketGraceful();
    }

    private static final class Endpoint extends NioEndpoint {

        private volatile boolean closing;

        // Of the acceptor's thread alone.
        private boolean said;
        private long saidAt;

        @Override
        protected SocketChannel serverSocketAccept() throws Exception {
            SocketChannel accepted = acceptOrSay();
            if (closing) {
                setSocketOptions(accepted);
                return SocketChannel.open(); // which the acceptor closes in its place
            }
            return accepted;
        }

        /** One line for many tries: Tomcat waits longer and longer between them, and has a stack trace for each. */
        private SocketChannel acceptOrSay() throws Exception {
            try {
                return super.serverSocketAccept();
            } catch (IOException ex) {
                long now = System.nanoTime();
                if (isRunning() && !closing && (!said || now - saidAt > PAUSE_NANOS)) {
                    said = true;
                    saidAt = now;
                    log.error("Cannot take any connection, trying again: {}", ex.toString());
                }
                throw ex;
            }
        }

        @Override
        protected void doCloseServerSocket() throws IOException {
            if (getServerSocket() instanceof ServerSocketChannel listening && listening.isOpen()) {
                listening.configureBlocking(false);
                for (SocketChannel waiting = listening.accept(); waiting != null; waiting = listening.accept()) {
                    setSocketOptions(waiting);
                }
            }
            super.doCloseServerSocket();
        }
    }
}
