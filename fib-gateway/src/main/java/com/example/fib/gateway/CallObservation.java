package com.example.fib.gateway;

import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.SenderContext;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One call to a server, from the wait for a slot to the answer or the failure: a timer {@code rpc.client.calls} with a tag
 * for its outcome, and a span that the request carries on to the server.
 */
final class CallObservation extends SenderContext<Map<String, String>> {

    static final ObservationConvention<CallObservation> CONVENTION = new Convention();

    private final Map<String, String> headers;
    private final String queue;

    CallObservation(String queue) {
        this(queue, new HashMap<>(4));
    }

    private CallObservation(String queue, Map<String, String> headers) {
        super((carrier, name, value) -> headers.put(name, value), Kind.CLIENT);
        this.headers = headers;
        this.queue = queue;
        setCarrier(headers);
    }

    /** The trace, as the headers of a request have it. */
    Map<String, String> headers() {
        return headers;
    }

    /** Names of spans and their attributes are OpenTelemetry's for messaging; the metric's tags are as few as they can be. */
    private static final class Convention implements ObservationConvention<CallObservation> {

        @Override
        public String getName() {
            return "rpc.client.calls";
        }

        @Override
        public String getContextualName(CallObservation call) {
            return "call " + call.queue;
        }

        @Override
        public KeyValues getLowCardinalityKeyValues(CallObservation call) {
            return KeyValues.of("outcome", outcome(call.getError()));
        }

        @Override
        public KeyValues getHighCardinalityKeyValues(CallObservation call) {
            return KeyValues.of(
                    "messaging.system", "rabbitmq",
                    "messaging.operation.name", "call",
                    "messaging.operation.type", "send",
                    "messaging.destination.name", call.queue);
        }

        @Override
        public boolean supportsContext(Observation.Context context) {
            return context instanceof CallObservation;
        }

        private static String outcome(@Nullable Throwable error) {
            if (error == null) {
                return "ok";
            }
            return error instanceof RpcException failure ? failure.problem().slug() : Problem.SERVER_ERROR.slug();
        }
    }
}
