package com.example.fib.gateway;

import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.propagation.Propagator;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.MessageProperties;

/**
 * What a trace shows of a call beside the call itself. A second sending is a span of its own, and the parent of what its
 * server does: as both sendings have one correlation id, nothing else tells which server was reached by which. A reply that
 * nobody waits for any more is a span in the trace of the call that it came too late for.
 */
final class CallTracing {

    static final CallTracing NONE = new CallTracing(Tracer.NOOP, Propagator.NOOP);

    private static final String TRACEPARENT = "traceparent";

    private final Tracer tracer;
    private final Propagator propagator;

    CallTracing(Tracer tracer, Propagator propagator) {
        this.tracer = tracer;
        this.propagator = propagator;
    }

    /** The span of the call that this thread makes, null where there is none. */
    @Nullable
    Span current(String correlationId) {
        Span span = tracer.currentSpan();
        if (span != null) {
            span.tag("messaging.message.conversation_id", correlationId);
        }
        return span;
    }

    /** The trace that a request carries, null where it carries none. */
    static @Nullable String of(MessageProperties request) {
        Object traceparent = request.getHeaders().get(TRACEPARENT);
        return traceparent == null ? null : traceparent.toString();
    }

    /** Begins the span of a call's second sending, which the call ends. */
    Span again(Span call, String reason) {
        return tracer.spanBuilder()
                .setParent(call.context())
                .kind(Span.Kind.PRODUCER)
                .name("send again")
                .tag("rpc.resend.reason", reason)
                .start();
    }

    /** Has a request carry that span on. */
    void inject(Span span, MessageProperties request) {
        propagator.inject(span.context(), request, (ignored, name, value) -> request.setHeader(name, value));
    }

    /** A reply that nobody waits for, to a call that had this trace. */
    void unclaimed(String traceparent, String kind) {
        propagator
                .extract(traceparent, (ignored, name) -> TRACEPARENT.equals(name) ? traceparent : null)
                .kind(Span.Kind.CONSUMER)
                .name(kind + " reply")
                .start()
                .end();
    }
}
