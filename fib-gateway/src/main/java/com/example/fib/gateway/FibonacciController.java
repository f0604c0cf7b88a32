package com.example.fib.gateway;

import com.example.fib.gateway.edge.EdgeFilter;
import com.example.fib.gateway.edge.LongAnswers;
import com.example.fib.gateway.edge.WaitPreference;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcReply;
import com.example.rabbitrpc.RpcStatus;
import com.example.rabbitrpc.web.ProblemTypes;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

/** {@code GET /fib/{n}}: bare digits, or JSON to whoever asks for it. */
@RestController
final class FibonacciController {

    private static final Pattern DIGITS = Pattern.compile("[0-9]{1,20}");
    private static final CacheControl FOREVER =
            CacheControl.maxAge(Duration.ofDays(365)).cachePublic().immutable();

    private final FibonacciClient client;
    private final LongAnswers answers;
    private final FibGatewaySettings settings;

    FibonacciController(FibonacciClient client, LongAnswers answers, FibGatewaySettings settings) {
        this.client = client;
        this.answers = answers;
        this.settings = settings;
    }

    @GetMapping(
            path = "/fib/{n}",
            produces = {MediaType.TEXT_PLAIN_VALUE, MediaType.APPLICATION_JSON_VALUE})
    ResponseEntity<FibonacciResult> fibonacci(
            @PathVariable("n") String path,
            @RequestHeader HttpHeaders headers,
            HttpServletRequest request,
            HttpServletResponse response) {
        long n = parse(path, request);
        String tag = "\"fib-" + n + "\"";
        if (isKnown(tag, headers)) {
            return cacheable(HttpStatus.NOT_MODIFIED, tag).build();
        }
        long start = System.nanoTime();
        RpcReply<byte[]> reply = call(n, request, response, headers);
        byte[] digits = Objects.requireNonNull(reply.body());
        // A place first, then the head of the response: what fails after that is no problem any more, but a broken
        // response.
        answers.hold(request, digits.length);
        long nanos = System.nanoTime() - start;
        return cacheable(HttpStatus.OK, tag)
                .headers(described -> describe(reply, nanos, described))
                .body(new FibonacciResult(n, digits));
    }

    private RpcReply<byte[]> call(
            long n, HttpServletRequest request, HttpServletResponse response, HttpHeaders headers) {
        try {
            return client.fibonacci(n, EdgeFilter.arrivalOf(request), deadline(headers, response));
        } catch (RpcException ex) {
            if (ex.status() == RpcStatus.INVALID_ARGUMENT || ex.status() == RpcStatus.OUT_OF_RANGE) {
                throw invalid(ex.detail(), request);
            }
            throw ex;
        }
    }

    private static ErrorResponseException invalid(String detail, HttpServletRequest request) {
        ProblemDetail problem = ProblemDetail.forStatusAndDetail(HttpStatus.BAD_REQUEST, detail);
        problem.setType(URI.create(ProblemTypes.path(request, "invalid-n")));
        problem.setTitle("Not a number that can be computed");
        return new ErrorResponseException(HttpStatus.BAD_REQUEST, problem, null);
    }

    /** Not {@code WebRequest.checkNotModified}: that leaves the tag on a response which turns out to be a failure. */
    private static boolean isKnown(String tag, HttpHeaders request) {
        try {
            return request.getIfNoneMatch().stream().anyMatch(known -> known.equals("*") || known.endsWith(tag));
        } catch (IllegalArgumentException ex) {
            return false; // A condition that cannot be read is none.
        }
    }

    /** The tag is weak: the digits and the JSON are the same result in other bytes. */
    private static ResponseEntity.BodyBuilder cacheable(HttpStatus status, String tag) {
        return ResponseEntity.status(status)
                .cacheControl(FOREVER)
                .eTag("W/" + tag)
                .varyBy(HttpHeaders.ACCEPT);
    }

    private long parse(String n, HttpServletRequest request) {
        if (DIGITS.matcher(n).matches()) {
            try {
                long value = Long.parseLong(n);
                if (value <= settings.maxN()) {
                    return value;
                }
            } catch (NumberFormatException ex) {
                // Beyond a long is beyond the limit, whatever the limit.
            }
        }
        throw invalid("n must be a decimal integer from 0 to " + settings.maxN() + ".", request);
    }

    /** The gateway's own, or the caller's where that is shorter: set on the response itself, so that a failure says so too. */
    private Duration deadline(HttpHeaders request, HttpServletResponse response) {
        Duration wait = WaitPreference.of(request);
        if (wait == null || wait.compareTo(settings.deadline()) >= 0) {
            return settings.deadline();
        }
        response.setHeader("Preference-Applied", "wait=" + wait.toSeconds());
        return wait;
    }

    private static void describe(RpcReply<?> reply, long rpcNanos, HttpHeaders headers) {
        String timing = "rpc;dur=" + millis(Duration.ofNanos(rpcNanos));
        Duration computeTime = reply.computeTime();
        if (computeTime != null) {
            timing += ", compute;dur=" + millis(computeTime);
        }
        headers.set("Server-Timing", timing);
        String server = reply.server();
        if (server != null) {
            headers.set("X-Fib-Server", server);
        }
        String correlationId = reply.correlationId();
        if (correlationId != null) {
            headers.set("X-Correlation-Id", correlationId);
        }
    }

    private static BigDecimal millis(Duration time) {
        return BigDecimal.valueOf(TimeUnit.NANOSECONDS.toMicros(time.toNanos()), 3);
    }
}
