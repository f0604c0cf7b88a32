package com.example.fib.gateway.edge;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationPredicate;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Set;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.server.observation.ServerRequestObservationContext;
import org.springframework.stereotype.Component;

/** Probes and scrapes come every few seconds and are nobody's calls: no span, and no place in {@code http.server.requests}. */
@Component
final class CallsOnly implements ObservationPredicate {

    private final Set<String> noCalls;

    CallsOnly(@Value("${management.endpoints.web.base-path:/actuator}") String endpoints) {
        noCalls = Set.of(
                endpoints + "/health",
                endpoints + "/health/liveness",
                endpoints + "/health/readiness",
                endpoints + "/prometheus");
    }

    @Override
    public boolean test(String name, Observation.Context context) {
        return !(context instanceof ServerRequestObservationContext http)
                || http.getCarrier() == null
                || !noCalls.contains(path(http.getCarrier()));
    }

    /** As Spring MVC knows it, below the application's path and the servlet's. */
    private static String path(HttpServletRequest request) {
        String belowTheServlet = request.getPathInfo();
        return belowTheServlet == null ? request.getServletPath() : belowTheServlet;
    }
}
