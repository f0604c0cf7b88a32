package com.example.fib.gateway.edge;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationPredicate;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Set;
import org.springframework.http.server.observation.ServerRequestObservationContext;
import org.springframework.stereotype.Component;

/** Probes and scrapes come every few seconds and are nobody's calls: no span, and no place in {@code http.server.requests}. */
@Component
final class CallsOnly implements ObservationPredicate {

    private static final Set<String> NO_CALLS = Set.of(
            "/actuator/health", "/actuator/health/liveness", "/actuator/health/readiness", "/actuator/prometheus");

    @Override
    public boolean test(String name, Observation.Context context) {
        return !(context instanceof ServerRequestObservationContext http)
                || http.getCarrier() == null
                || !NO_CALLS.contains(path(http.getCarrier()));
    }

    private static String path(HttpServletRequest request) {
        return request.getRequestURI().substring(request.getContextPath().length());
    }
}
