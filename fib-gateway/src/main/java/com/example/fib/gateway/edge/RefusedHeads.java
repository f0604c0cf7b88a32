package com.example.fib.gateway.edge;

import jakarta.servlet.RequestDispatcher;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.tomcat.util.http.parser.Host;
import org.apache.tomcat.util.res.StringManager;
import org.jspecify.annotations.Nullable;

/** Heads of requests that Tomcat refuses: it answers 400 to all of them, and says in its log alone what was wrong. */
final class RefusedHeads {

    private static final int BAD_REQUEST = 400;
    private static final int URI_TOO_LONG = 414;
    private static final int HEADERS_TOO_LARGE = 431;

    /** In Tomcat's words, whatever language it speaks here. */
    private static final String TOO_LARGE =
            StringManager.getManager("org.apache.coyote.http11").getString("iib.requestheadertoolarge.error");

    private static final StringManager HEADERS = StringManager.getManager("org.apache.tomcat.util.http");

    private RefusedHeads() {}

    /** Of what is too large, the status says so. */
    static void name(Request request, Response response) {
        if (response.getStatus() == BAD_REQUEST
                && request.getAttribute(RequestDispatcher.ERROR_EXCEPTION) instanceof Exception why) {
            if (TOO_LARGE.equals(why.getMessage())) {
                // The path is known once its line is read to the end.
                response.setStatus(request.requestURI().isNull() ? URI_TOO_LONG : HEADERS_TOO_LARGE);
            } else if (tooMany(request).equals(why.getMessage())) {
                response.setStatus(HEADERS_TOO_LARGE);
            }
        }
    }

    private static String tooMany(Request request) {
        return HEADERS.getString(
                "headers.maxCountFail", request.getMimeHeaders().size());
    }

    /** Whether there is a Host header, and it names no host. */
    static boolean hasBadHost(@Nullable String host) {
        if (host == null || host.isEmpty()) {
            return false;
        }
        try {
            Host.parse(host);
            return false;
        } catch (IllegalArgumentException ex) {
            return true;
        }
    }
}
