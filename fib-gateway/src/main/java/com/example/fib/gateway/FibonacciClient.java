package com.example.fib.gateway;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.AmqpException;
import org.springframework.amqp.AmqpResourceNotAvailableException;
import org.springframework.amqp.core.AmqpMessageReturnedException;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.rabbit.core.RabbitOperations;
import org.springframework.amqp.support.converter.MessageConversionException;
import org.springframework.stereotype.Service;

/** Calls a server for fib(n): within the deadline, and within the limit of calls in flight. */
@Service
final class FibonacciClient {

    private static final String DEFAULT_EXCHANGE = "";

    private final Slots slots;
    private final RabbitOperations rabbit;
    private final QueueWatch watch;
    private final GatewaySettings settings;
    private final ClockSkew clocks;
    private final ObservationRegistry observations;

    FibonacciClient(
            Slots slots,
            RabbitOperations rabbit,
            QueueWatch watch,
            GatewaySettings settings,
            ClockSkew clocks,
            ObservationRegistry observations) {
        this.slots = slots;
        this.rabbit = rabbit;
        this.watch = watch;
        this.settings = settings;
        this.clocks = clocks;
        this.observations = observations;
    }

    /**
     * fib(n), computed by a server.
     *
     * @param start when the call began, by {@link System#nanoTime()}
     * @param limit how long it may take in all from then on
     * @throws RpcException when there is no answer, for whatever reason, at the latest when the deadline has passed
     */
    FibonacciReply fibonacci(long n, long start, Duration limit) {
        long deadline = start + limit.toNanos();
        return Observation.createNotStarted(
                        CallObservation.CONVENTION,
                        () -> new CallObservation(settings.queue().name()),
                        observations)
                .observe(() -> inSlot(n, limit, deadline));
    }

    private FibonacciReply inSlot(long n, Duration limit, long deadline) {
        if (!slots.acquire()) {
            throw new RpcException(
                    Problem.OVERLOADED, slots.limit() + " calls are in flight, as many as there may be.");
        }
        try {
            return answer(n, limit, deadline);
        } finally {
            slots.release();
        }
    }

    private FibonacciReply answer(long n, Duration limit, long deadline) {
        try {
            if (watch.nobodyConsumes()) {
                throw new NoConsumersException();
            }
            FibonacciReply reply = attempt(n, deadline);
            if (reply == null) {
                throw new RpcException(Problem.DEADLINE_EXCEEDED, "No reply within " + limit.toMillis() + " ms.");
            }
            return reply;
        } catch (NoConsumersException | AmqpMessageReturnedException ex) {
            throw new RpcException(Problem.NO_SERVER, "Nobody takes requests from the queue.", ex);
        } catch (MessageConversionException ex) {
            throw new RpcException(Problem.SERVER_ERROR, "The reply cannot be read.", ex);
        } catch (AmqpResourceNotAvailableException ex) {
            throw new RpcException(Problem.BROKER_UNAVAILABLE, "The broker takes no requests at the moment.", ex);
        } catch (AmqpException ex) {
            throw new RpcException(Problem.BROKER_UNAVAILABLE, "There is no connection to the broker.", ex);
        }
    }

    /** Once more, and without the deadline, when a server says that it has passed and it has not. */
    private @Nullable FibonacciReply attempt(long n, long deadline) {
        if (clocks.isSuspected()) {
            return exchange(n, deadline, false);
        }
        try {
            FibonacciReply reply = exchange(n, deadline, true);
            clocks.dismiss();
            return reply;
        } catch (RpcException ex) {
            long left = millisUntil(deadline);
            if (ex.problem() != Problem.DEADLINE_EXCEEDED || left == 0) {
                throw ex;
            }
            clocks.suspect(Instant.now().plusMillis(left), ex.detail());
            return exchange(n, deadline, false);
        }
    }

    private @Nullable FibonacciReply exchange(long n, long deadline, boolean tellDeadline) {
        return (FibonacciReply)
                rabbit.convertSendAndReceive(DEFAULT_EXCHANGE, settings.queue().name(), n, request -> {
                    describe(request.getMessageProperties(), millisUntil(deadline), tellDeadline);
                    return request;
                });
    }

    /** Puts the call's deadline and its trace onto the request. */
    private void describe(MessageProperties request, long millisLeft, boolean tellDeadline) {
        request.setExpiration(Long.toString(millisLeft));
        if (tellDeadline) {
            request.setHeader(RpcContract.DEADLINE_HEADER, System.currentTimeMillis() + millisLeft);
        }
        Observation current = observations.getCurrentObservation();
        if (current != null && current.getContext() instanceof CallObservation call) {
            call.headers().forEach(request::setHeader);
        }
    }

    private static long millisUntil(long deadline) {
        return Math.max(0, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime()));
    }
}
