package com.example.fib.gateway.edge;

import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import java.net.URI;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;

/** Every failure as {@code application/problem+json} (RFC 9457): those of calls by the library, the framework's by status here. */
@RestControllerAdvice
final class ProblemHandler extends ResponseEntityExceptionHandler {

    private static final Logger log = LoggerFactory.getLogger(ProblemHandler.class);
    private static final URI ABOUT_BLANK = URI.create("about:blank");

    private final Tracer tracer;

    ProblemHandler(Tracer tracer) {
        this.tracer = tracer;
    }

    @ExceptionHandler
    @Nullable
    ResponseEntity<Object> handle(RuntimeException ex, WebRequest request) {
        log.error("Unexpected failure", ex);
        HttpStatus status = HttpStatus.INTERNAL_SERVER_ERROR;
        ProblemDetail body = ProblemDetail.forStatusAndDetail(status, "The gateway failed. Its log says more.");
        return handleExceptionInternal(ex, body, new HttpHeaders(), status, request);
    }

    /** Spring names the methods that are mapped; HEAD and OPTIONS come with GET. */
    @Override
    protected @Nullable ResponseEntity<Object> handleHttpRequestMethodNotSupported(
            HttpRequestMethodNotSupportedException ex, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        Set<HttpMethod> allowed = new LinkedHashSet<>(headers.getAllow());
        if (allowed.contains(HttpMethod.GET)) {
            allowed.add(HttpMethod.HEAD);
            allowed.add(HttpMethod.OPTIONS);
        }
        HttpHeaders complete = new HttpHeaders();
        complete.setAllow(allowed);
        return handleExceptionInternal(ex, null, complete, status, request);
    }

    @Override
    protected ResponseEntity<Object> createResponseEntity(
            @Nullable Object body, HttpHeaders given, HttpStatusCode status, WebRequest request) {
        HttpHeaders headers = new HttpHeaders();
        headers.putAll(given);
        headers.setCacheControl(CacheControl.noStore());
        headers.setContentType(MediaType.APPLICATION_PROBLEM_JSON);
        if (body instanceof ProblemDetail problem) {
            if (problem.getType() == null) {
                problem.setType(ABOUT_BLANK);
            }
            Span span = tracer.currentSpan();
            if (span != null) {
                problem.setProperty("traceId", span.context().traceId());
            }
        }
        return super.createResponseEntity(body, headers, status, request);
    }
}
