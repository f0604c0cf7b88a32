package com.example.fib.gateway.edge;

import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.apache.coyote.Adapter;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.tomcat.util.net.NioEndpoint;

/**
 * Tomcat's protocol, but that it can stop listening without resetting whom the kernel has let in by then: connections that
 * wait to be accepted, and the one that Tomcat accepts to wake its acceptor, are served like those before them.
 */
public final class DrainingProtocol extends Http11NioProtocol {

    private static final int RESPONSE_BUFFER = 2_048;

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

        @Override
        protected SocketChannel serverSocketAccept() throws Exception {
            SocketChannel accepted = super.serverSocketAccept();
            if (closing) {
                setSocketOptions(accepted);
                return SocketChannel.open(); // which the acceptor closes in its place
            }
            return accepted;
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
