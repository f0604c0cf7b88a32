package com.example.rabbitrpc.client;

import io.micrometer.tracing.Span;
import io.micrometer.tracing.TraceContext;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.propagation.Propagator;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.MessageProperties;

/**
 * The spans of a call. A second sending has its own span, which is the parent of its server's span: both sendings
 * have one correlation id, so only the parent shows which server got which. A reply that nobody waits for any more is a span
 * in its call's trace.
 */
public final class CallTracing {

    private static final Propagator.Setter<MessageProperties> HEADERS = (request, name, value) -> {
        if (request != null) {
            request.setHeader(name, value);
        }
    };

    private final Tracer tracer;
    private final Propagator propagator;

    /** This tracer makes the spans, this propagator writes them into requests. */
    public CallTracing(Tracer tracer, Propagator propagator) {
        this.tracer = tracer;
        this.propagator = propagator;
    }

    /** Begins a call's span and has its request carry it on. Null where nobody will see it: the request then says so, too. */
    @Nullable
    Trace begin(String queue, String correlationId, MessageProperties request) {
        Span parent = tracer.currentSpan();
        if (parent != null && parent.isNoop()) {
            propagator.inject(parent.context(), request, HEADERS);
            return null;
        }
        Span.Builder builder = tracer.spanBuilder();
        if (parent != null) {
            builder = builder.setParent(parent.context());
        }
        // Names of spans and their attributes are OpenTelemetry's for messaging.
        Span span = builder.kind(Span.Kind.CLIENT)
                .name("call " + queue)
                .tag("messaging.system", "rabbitmq")
                .tag("messaging.operation.name", "call")
                .tag("messaging.operation.type", "send")
                .tag("messaging.destination.name", queue)
                .tag("messaging.message.conversation_id", correlationId)
                .start();
        propagator.inject(span.context(), request, HEADERS);
        if (span.isNoop()) {
            span.end();
            return null;
        }
        return new Trace(span);
    }

    /** The spans of one call. */
    final class Trace {

        private final Span call;
        private volatile @Nullable Span second;

        private Trace(Span call) {
            this.call = call;
        }

        void end(String outcome, @Nullable Throwable failure) {
            Span again = second;
            if (again != null) {
                again.end();
            }
            if (failure != null) {
                call.error(failure);
            }
            call.tag("outcome", outcome);
            call.end();
        }

        /** Begins the span of the second sending, which ends with the call. */
        void again(String reason) {
            second = under(call.context(), Span.Kind.PRODUCER, "send again")
                    .tag("rpc.resend.reason", reason)
                    .start();
        }

        /** Has the request carry the second sending on, where there is one. */
        void describe(MessageProperties request) {
            Span again = second;
            if (again != null) {
                propagator.inject(again.context(), request, HEADERS);
            }
        }

        /** A reply that nobody waits for. */
        void unclaimed(String kind) {
            under(call.context(), Span.Kind.CONSUMER, kind + " reply").start().end();
        }

        private Span.Builder under(TraceContext parent, Span.Kind kind, String name) {
            return tracer.spanBuilder().setParent(parent).kind(kind).name(name);
        }
    }
}
