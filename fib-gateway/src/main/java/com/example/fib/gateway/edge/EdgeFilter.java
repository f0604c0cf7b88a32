package com.example.fib.gateway.edge;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;

/**
 * What is done for every request. It notes when it arrived: a first call loads classes before it reaches its controller, and that is
 * part of its deadline, too. It tells browsers that pages take nothing from elsewhere, are not framed, and use no devices; and
 * callers to leave, once the gateway stops.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
public final class EdgeFilter implements Filter {

    private static final String ARRIVAL = EdgeFilter.class.getName();

    /** The icon is a data: URI. */
    private static final String POLICY =
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
                    + "form-action 'self'; frame-ancestors 'none'";

    private static final String NO_DEVICES = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
    private static final String A_YEAR = "max-age=31536000";

    private final ConnectionDrain drain;
    private final LongAnswers answers;

    EdgeFilter(ConnectionDrain drain, LongAnswers answers) {
        this.drain = drain;
        this.answers = answers;
    }

    /** When the request arrived, by {@link System#nanoTime()}. */
    public static long arrivalOf(ServletRequest request) {
        return request.getAttribute(ARRIVAL) instanceof Long nanos ? nanos : System.nanoTime();
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        request.setAttribute(ARRIVAL, System.nanoTime());
        if (request instanceof HttpServletRequest http && response instanceof HttpServletResponse answer) {
            set(http, answer);
            if (drain.isDraining()) {
                answer.setHeader(HttpHeaders.CONNECTION, "close");
            }
        }
        try {
            chain.doFilter(request, response);
        } finally {
            answers.giveBack(request);
        }
    }

    static void set(HttpServletRequest request, HttpServletResponse response) {
        response.setHeader("Content-Security-Policy", POLICY);
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Referrer-Policy", "no-referrer");
        response.setHeader("Permissions-Policy", NO_DEVICES);
        response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
        // Not for scripts that ask by CORS: those have CrossOrigin.
        response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
        if (request.isSecure()) {
            response.setHeader("Strict-Transport-Security", A_YEAR);
        }
    }
}
