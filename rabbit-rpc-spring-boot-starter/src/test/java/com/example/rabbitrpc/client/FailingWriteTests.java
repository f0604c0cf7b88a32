package com.example.rabbitrpc.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.Responder;
import com.example.fib.broker.TestBroker;
import com.example.rabbitrpc.NoServerException;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import com.rabbitmq.client.ConnectionFactory;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;

/** A socket that fails in the middle of a request: nobody knows how much of it the broker has. */
class FailingWriteTests {

    private static final TestBroker broker = TestBroker.shared();
    private static final String MARK = "the request whose write fails";
    private static final Duration SOON = Duration.ofSeconds(10);

    private final String queue = broker.newQueue();
    private final AtomicReference<@Nullable Failure> next = new AtomicReference<>();
    private final AtomicInteger sockets = new AtomicInteger();
    private CachingConnectionFactory connections;
    private volatile @Nullable String thread;

    /** What a write meets. */
    private enum Failure {
        EXCEPTION {
            @Override
            void happen() throws IOException {
                throw new IOException("Broken pipe");
            }
        },
        ERROR {
            @Override
            void happen() {
                throw new OutOfMemoryError("Direct buffer memory");
            }
        };

        abstract void happen() throws IOException;
    }

    @BeforeEach
    void connect() {
        ConnectionFactory client = broker.connectionFactory();
        client.setSocketFactory(new Sockets());
        connections = new CachingConnectionFactory(client);
    }

    @AfterEach
    void disconnect() {
        connections.destroy();
    }

    @ParameterizedTest
    @EnumSource(Failure.class)
    void isAnotherConnectionsWhereItMayBeSentAgain(Failure failure) throws Exception {
        RpcTemplate template = template(1);
        try (Responder server = new Responder(broker.connect(), queue, Responder.ECHO)) {
            assertThat(call(template, "30")).isEqualTo("30");
            await().atMost(SOON).until(() -> template.watch().reading(queue) != null);
            int before = sockets.get();
            next.set(failure);

            assertThat(call(template, MARK)).isEqualTo(MARK);
            assertThat(next).as("it has failed").hasValue(null);
            assertThat(sockets.get() - before).as("connections anew").isEqualTo(1);
            assertThat(template.resent()).isEqualTo(1);
            assertThat(call(template, "31")).isEqualTo("31");
            assertThat(template.broker()).isEqualTo(BrokerState.UP);
            // After an Error the client may still write what it held, with its goodbye.
            assertThat(server.requests())
                    .filteredOn(request -> Responder.text(request).equals(MARK))
                    .hasSizeBetween(1, failure == Failure.EXCEPTION ? 1 : 2);
        } finally {
            template.stop();
        }
    }

    @ParameterizedTest
    @EnumSource(Failure.class)
    void isAFailureAtOnceWhereItMayNot(Failure failure) throws Exception {
        RpcTemplate template = template(0);
        try (Responder server = new Responder(broker.connect(), queue, Responder.ECHO)) {
            assertThat(call(template, "30")).isEqualTo("30");
            next.set(failure);

            long start = System.nanoTime();
            assertThatExceptionOfType(RpcException.class)
                    .isThrownBy(() -> call(template, MARK))
                    .isNotInstanceOf(NoServerException.class)
                    .satisfies(ex -> assertThat(ex.status()).isEqualTo(RpcStatus.UNAVAILABLE));
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SOON);
            assertThat(next).as("it has failed").hasValue(null);
            await().atMost(SOON)
                    .ignoreExceptionsInstanceOf(RpcException.class)
                    .untilAsserted(() -> assertThat(call(template, "31")).isEqualTo("31"));
            assertThat(template.resent()).isZero();
            assertThat(server.requests())
                    .filteredOn(request -> Responder.text(request).equals(MARK))
                    .hasSizeBetween(0, failure == Failure.EXCEPTION ? 0 : 1);
        } finally {
            template.stop();
        }
    }

    /** An Error in the watch, too, is the end of its connection alone. */
    @ParameterizedTest
    @EnumSource(Failure.class)
    void isTheWatchsConnectionWhereThatWrites(Failure failure) throws Exception {
        RpcTemplate template = template(0);
        try (Responder server = new Responder(broker.connect(), queue, Responder.ECHO)) {
            assertThat(call(template, "30")).isEqualTo("30");
            await().atMost(SOON).until(() -> template.watch().reading(queue) != null);
            int before = sockets.get();
            thread = "rpc-queue-watch";
            next.set(failure);

            await().atMost(SOON).until(() -> next.get() == null && sockets.get() > before);
            await().atMost(SOON).until(() -> {
                QueueWatch.Reading reading = template.watch().reading(queue);
                return reading != null && reading.consumers() == 1;
            });
            assertThat(call(template, "31")).isEqualTo("31");
            assertThat(sockets.get() - before).as("connections anew").isEqualTo(1);
            assertThat(server.requests()).hasSize(2);
        } finally {
            template.stop();
        }
    }

    private RpcTemplate template(double resendShare) {
        RpcTemplate template = new RpcTemplate(new RpcTemplate.Limits(8, 8, Duration.ZERO, resendShare));
        template.setConnectionFactory(connections);
        template.start();
        return template;
    }

    /** With a deadline of a minute, so that what takes long is none of it. */
    private @Nullable String call(RpcTemplate template, String body) {
        Message request = new Message(body.getBytes(UTF_8));
        request.getMessageProperties().setExpiration("60000");
        Message reply = template.sendAndReceive("", queue, request);
        return reply == null ? null : new String(reply.getBody(), UTF_8);
    }

    /** Real ones, whose writes fail once where the test says so: with the mark among them, or those of a thread. */
    private final class Sockets extends SocketFactory {

        @Override
        public Socket createSocket() {
            sockets.incrementAndGet();
            return new Socket() {
                @Override
                public OutputStream getOutputStream() throws IOException {
                    return new Failing(super.getOutputStream());
                }
            };
        }

        @Override
        public Socket createSocket(String host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress from, int fromPort) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress from, int fromPort) {
            throw new UnsupportedOperationException();
        }
    }

    /** After an exception it takes nothing more, as a socket does; an Error is none of the socket's. */
    private final class Failing extends FilterOutputStream {

        private volatile boolean broken;

        Failing(OutputStream socket) {
            super(socket);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            boolean meant = thread == null
                    ? new String(bytes, from, length, UTF_8).contains(MARK)
                    : Thread.currentThread().getName().equals(thread);
            if (broken) {
                throw new IOException("Broken pipe");
            }
            if (meant) {
                Failure failure = next.getAndSet(null);
                if (failure != null) {
                    broken = failure == Failure.EXCEPTION;
                    failure.happen();
                }
            }
            out.write(bytes, from, length);
        }
    }
}
