package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.example.fib.gateway.edge.EdgeFilter;
import com.example.fib.gateway.edge.LongAnswers;
import com.example.fib.gateway.edge.WaitPreference;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcReply;
import com.example.rabbitrpc.RpcStatus;
import com.example.rabbitrpc.web.ProblemTypes;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.stereotype.Component;
import org.springframework.util.CollectionUtils;
import org.springframework.util.MultiValueMap;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.HttpMediaTypeNotAcceptableException;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.accept.HeaderContentNegotiationStrategy;
import org.springframework.web.context.request.ServletWebRequest;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.function.HandlerFunction;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;

/**
 * {@code GET /fib/{n}}: bare digits, or JSON to whoever asks for it. The digits go from the reply into the response as the
 * bytes they are: never parsed as a number, never copied into a string.
 */
@Component
final class FibonacciHandler implements HandlerFunction<ServerResponse> {

    private static final Pattern DIGITS = Pattern.compile("[0-9]{1,20}");
    private static final String FOREVER = "max-age=31536000, public, immutable";
    private static final byte[] AFTER_JSON = "\"}".getBytes(US_ASCII);

    private final HeaderContentNegotiationStrategy negotiation = new HeaderContentNegotiationStrategy();
    private final FibonacciClient client;
    private final LongAnswers answers;
    private final FibGatewaySettings settings;

    FibonacciHandler(FibonacciClient client, LongAnswers answers, FibGatewaySettings settings) {
        this.client = client;
        this.answers = answers;
        this.settings = settings;
    }

    @Override
    public ServerResponse handle(ServerRequest request) throws Exception {
        HttpMethod method = request.method();
        if (method.equals(HttpMethod.OPTIONS)) {
            return ServerResponse.ok()
                    .allow(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS)
                    .build();
        }
        if (!method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD)) {
            throw new HttpRequestMethodNotSupportedException(method.name(), List.of(HttpMethod.GET.name()));
        }
        HttpServletRequest servlet = request.servletRequest();
        return new Answer(parse(request.pathVariable("n"), servlet), mediaType(servlet));
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

    private static ErrorResponseException invalid(String detail, HttpServletRequest request) {
        ProblemDetail problem = ProblemDetail.forStatusAndDetail(HttpStatus.BAD_REQUEST, detail);
        problem.setType(URI.create(ProblemTypes.path(request, "invalid-n")));
        problem.setTitle("Not a number that can be computed");
        return new ErrorResponseException(HttpStatus.BAD_REQUEST, problem, null);
    }

    private MediaType mediaType(HttpServletRequest request) throws HttpMediaTypeNotAcceptableException {
        String accept = request.getHeader(HttpHeaders.ACCEPT);
        if (accept == null || accept.equals(MediaType.ALL_VALUE)) {
            return MediaType.TEXT_PLAIN;
        }
        for (MediaType accepted : negotiation.resolveMediaTypes(new ServletWebRequest(request))) {
            if (accepted.includes(MediaType.TEXT_PLAIN)) {
                return MediaType.TEXT_PLAIN;
            }
            if (accepted.includes(MediaType.APPLICATION_JSON)) {
                return MediaType.APPLICATION_JSON;
            }
        }
        throw new HttpMediaTypeNotAcceptableException(List.of(MediaType.TEXT_PLAIN, MediaType.APPLICATION_JSON));
    }

    /** Calls, and writes straight to the servlet's response: Spring's own responses copy headers and look for a converter. */
    private final class Answer implements ServerResponse {

        private final long n;
        private final MediaType type;

        Answer(long n, MediaType type) {
            this.n = n;
            this.type = type;
        }

        @Override
        public @Nullable ModelAndView writeTo(HttpServletRequest request, HttpServletResponse response, Context context)
                throws IOException {
            String tag = "\"fib-" + n + "\"";
            if (isKnown(tag, request)) {
                response.setStatus(HttpServletResponse.SC_NOT_MODIFIED);
                cacheable(response, tag);
                return null;
            }
            long start = System.nanoTime();
            RpcReply<byte[]> reply = call(n, request, response);
            byte[] digits = Objects.requireNonNull(reply.body());
            // A place first, then the head of the response: what fails after that is no problem any more, but a broken
            // response.
            answers.hold(request, digits.length);
            cacheable(response, tag);
            describe(reply, System.nanoTime() - start, response);
            write(digits, response);
            return null;
        }

        private void write(byte[] digits, HttpServletResponse response) throws IOException {
            response.setContentType(type.toString());
            if (type.equals(MediaType.TEXT_PLAIN)) {
                response.setContentLength(digits.length);
                LongAnswers.write(digits, response.getOutputStream());
            } else {
                byte[] before = ("{\"n\":" + n + ",\"value\":\"").getBytes(US_ASCII);
                response.setContentLength(before.length + digits.length + AFTER_JSON.length);
                response.getOutputStream().write(before);
                LongAnswers.write(digits, response.getOutputStream());
                response.getOutputStream().write(AFTER_JSON);
            }
        }

        @Override
        public HttpStatusCode statusCode() {
            return HttpStatus.OK;
        }

        @Override
        public HttpHeaders headers() {
            return HttpHeaders.EMPTY;
        }

        @Override
        public MultiValueMap<String, Cookie> cookies() {
            return CollectionUtils.toMultiValueMap(Collections.emptyMap());
        }
    }

    private RpcReply<byte[]> call(long n, HttpServletRequest request, HttpServletResponse response) {
        try {
            return client.fibonacci(n, EdgeFilter.arrivalOf(request), deadline(request, response));
        } catch (RpcException ex) {
            if (ex.status() == RpcStatus.INVALID_ARGUMENT || ex.status() == RpcStatus.OUT_OF_RANGE) {
                throw invalid(ex.detail(), request);
            }
            throw ex;
        }
    }

    /** Not {@code WebRequest.checkNotModified}: that leaves the tag on a response which turns out to be a failure. */
    private static boolean isKnown(String tag, HttpServletRequest request) {
        if (request.getHeader(HttpHeaders.IF_NONE_MATCH) == null) {
            return false;
        }
        HttpHeaders conditions = new HttpHeaders();
        conditions.addAll(HttpHeaders.IF_NONE_MATCH, Collections.list(request.getHeaders(HttpHeaders.IF_NONE_MATCH)));
        try {
            return conditions.getIfNoneMatch().stream().anyMatch(known -> known.equals("*") || known.endsWith(tag));
        } catch (IllegalArgumentException ex) {
            return false; // A condition that cannot be read is none.
        }
    }

    /** The tag is weak: the digits and the JSON are the same result in other bytes. */
    private static void cacheable(HttpServletResponse response, String tag) {
        response.setHeader(HttpHeaders.CACHE_CONTROL, FOREVER);
        response.setHeader(HttpHeaders.ETAG, "W/" + tag);
        response.addHeader(HttpHeaders.VARY, HttpHeaders.ACCEPT); // CORS has some of its own
    }

    /** The gateway's own, or the caller's where that is shorter: set on the response itself, so that a failure says so too. */
    private Duration deadline(HttpServletRequest request, HttpServletResponse response) {
        Duration wait = WaitPreference.of(request);
        if (wait == null || wait.compareTo(settings.deadline()) >= 0) {
            return settings.deadline();
        }
        response.setHeader("Preference-Applied", "wait=" + wait.toSeconds());
        return wait;
    }

    private static void describe(RpcReply<?> reply, long rpcNanos, HttpServletResponse response) {
        String timing = "rpc;dur=" + millis(Duration.ofNanos(rpcNanos));
        Duration computeTime = reply.computeTime();
        if (computeTime != null) {
            timing += ", compute;dur=" + millis(computeTime);
        }
        response.setHeader("Server-Timing", timing);
        String server = reply.server();
        if (server != null) {
            response.setHeader("X-Fib-Server", server);
        }
        String correlationId = reply.correlationId();
        if (correlationId != null) {
            response.setHeader("X-Correlation-Id", correlationId);
        }
    }

    private static BigDecimal millis(Duration time) {
        return BigDecimal.valueOf(TimeUnit.NANOSECONDS.toMicros(time.toNanos()), 3);
    }
}
