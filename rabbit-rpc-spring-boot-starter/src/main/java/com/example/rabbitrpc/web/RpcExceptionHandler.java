package com.example.rabbitrpc.web;

import com.example.rabbitrpc.RpcException;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.core.Ordered;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/**
 * An {@link RpcException} of any controller as {@code application/problem+json} (RFC 9457). The application's own handler for
 * {@link RpcException} comes first. Its handlers for other types, such as all exceptions, come after this one.
 */
@RestControllerAdvice
public final class RpcExceptionHandler implements Ordered {

    private static final String RETRY_AFTER_SECONDS = "1";

    private final Supplier<@Nullable String> traceId;
    private final BooleanSupplier applicationHandlesIt;

    /**
     * A handler.
     *
     * @param traceId gives the trace id of the current request, null if there is none
     * @param applicationHandlesIt whether an advice of the application's own names {@link RpcException}
     */
    public RpcExceptionHandler(Supplier<@Nullable String> traceId, BooleanSupplier applicationHandlesIt) {
        this.traceId = traceId;
        this.applicationHandlesIt = applicationHandlesIt;
    }

    @Override
    public int getOrder() {
        return applicationHandlesIt.getAsBoolean() ? LOWEST_PRECEDENCE : HIGHEST_PRECEDENCE;
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> handle(RpcException failure, HttpServletRequest request) {
        RpcProblem problem = RpcProblem.of(failure);
        ProblemDetail body = ProblemDetail.forStatusAndDetail(problem.status(), failure.detail());
        body.setType(URI.create(ProblemTypes.path(request, problem.slug())));
        body.setTitle(problem.title());
        String trace = traceId.get();
        if (trace != null) {
            body.setProperty("traceId", trace);
        }
        ResponseEntity.BodyBuilder response = ResponseEntity.status(problem.status())
                .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                .cacheControl(CacheControl.noStore());
        if (problem.status() == HttpStatus.SERVICE_UNAVAILABLE) {
            response.header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        return response.body(body);
    }
}
