package com.example.rabbitrpc.server;

import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.propagation.Propagator;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.MessageProperties;

/**
 * Continues the caller's trace on the thread that computes: with a span, and with its id in log lines. Names of spans
 * and their attributes are OpenTelemetry's for messaging.
 */
public final class MicrometerRequestTracing implements RequestTracing {

    private final Tracer tracer;
    private final Propagator propagator;

    public MicrometerRequestTracing(Tracer tracer, Propagator propagator) {
        this.tracer = tracer;
        this.propagator = propagator;
    }

    @Override
    public void run(MessageProperties request, Runnable work) {
        String queue = String.valueOf(request.getConsumerQueue());
        Span span = propagator
                .extract(request, MicrometerRequestTracing::header)
                .kind(Span.Kind.CONSUMER)
                .name("process " + queue)
                .start();
        if (!span.isNoop()) {
            span.tag("messaging.system", "rabbitmq")
                    .tag("messaging.operation.name", "process")
                    .tag("messaging.operation.type", "process")
                    .tag("messaging.destination.name", queue)
                    .tag("messaging.message.conversation_id", String.valueOf(request.getCorrelationId()));
        }
        Tracer.SpanInScope scope = tracer.withSpan(span);
        try {
            work.run();
        } finally {
            scope.close();
            span.end();
        }
    }

    @Override
    public void failed(String type, @Nullable Throwable cause) {
        Span span = tracer.currentSpan();
        if (span != null) {
            span.tag("error.type", type);
            if (cause != null) {
                span.error(cause);
            }
        }
    }

    /** A request's headers may have any type. */
    private static @Nullable String header(MessageProperties request, String name) {
        return request.getHeaders().get(name) instanceof String text ? text : null;
    }
}
