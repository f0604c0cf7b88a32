package com.example.fib.gateway;

import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.propagation.Propagator;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.springframework.amqp.AmqpConnectException;
import org.springframework.amqp.AmqpException;
import org.springframework.amqp.core.AmqpMessageReturnedException;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.rabbit.core.RabbitOperations;
import org.springframework.stereotype.Service;

/** Calls a server for fib(n): within the deadline, within the limit of calls in flight, and twice if need be. */
@Service
final class FibonacciClient {

    private static final String DEFAULT_EXCHANGE = "";

    private final RabbitOperations rabbit;
    private final QueueWatch watch;
    private final GatewaySettings settings;
    private final Tracer tracer;
    private final Propagator propagator;
    private final Semaphore slots;

    FibonacciClient(
            RabbitOperations rabbit, QueueWatch watch, GatewaySettings settings, Tracer tracer, Propagator propagator) {
        this.tracer = tracer;
        this.propagator = propagator;
        this.rabbit = rabbit;
        this.watch = watch;
        this.settings = settings;
        this.slots = new Semaphore(settings.maxInFlight());
    }

    /**
     * fib(n), computed by a server.
     *
     * @throws RpcException when there is no answer, for whatever reason, at the latest when the deadline has passed
     */
    FibonacciReply fibonacci(long n) {
        if (!slots.tryAcquire()) {
            throw new RpcException(
                    Problem.OVERLOADED, settings.maxInFlight() + " calls are in flight, as many as there may be.");
        }
        try {
            return answer(n, System.nanoTime() + settings.deadline().toNanos());
        } finally {
            slots.release();
        }
    }

    private FibonacciReply answer(long n, long deadline) {
        try {
            if (watch.nobodyConsumes()) {
                throw new NoConsumersException();
            }
            return attemptTwice(n, deadline);
        } catch (NoConsumersException | AmqpMessageReturnedException ex) {
            throw new RpcException(Problem.NO_SERVER, "Nobody takes requests from the queue.", ex);
        } catch (AmqpException ex) {
            throw new RpcException(Problem.BROKER_UNAVAILABLE, "There is no connection to the broker.", ex);
        }
    }

    /** Once more when the connection breaks: fib is pure, so computing it twice is harmless. */
    private FibonacciReply attemptTwice(long n, long deadline) {
        try {
            return attempt(n, deadline);
        } catch (AmqpConnectException ex) {
            return attempt(n, deadline);
        }
    }

    private FibonacciReply attempt(long n, long deadline) {
        Object reply = rabbit.convertSendAndReceive(
                DEFAULT_EXCHANGE, settings.queue().name(), n, request -> describe(request, deadline));
        if (reply == null) {
            throw new RpcException(
                    Problem.DEADLINE_EXCEEDED,
                    "No reply within " + settings.deadline().toMillis() + " ms.");
        }
        return (FibonacciReply) reply;
    }

    /** Puts the call's deadline and its trace onto the request. */
    private Message describe(Message request, long deadline) {
        long left = Math.max(0, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime()));
        MessageProperties properties = request.getMessageProperties();
        properties.setExpiration(Long.toString(left));
        properties.setHeader(RpcContract.DEADLINE_HEADER, System.currentTimeMillis() + left);
        Span span = tracer.currentSpan();
        if (span != null) {
            propagator.inject(span.context(), properties, (ignored, key, value) -> properties.setHeader(key, value));
        }
        return request;
    }
}
