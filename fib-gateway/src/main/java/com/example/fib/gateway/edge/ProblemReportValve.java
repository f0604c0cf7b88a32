package com.example.fib.gateway.edge;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.util.UriUtils;
import tools.jackson.databind.json.JsonMapper;

/** What Tomcat refuses before Spring sees it, such as a malformed path, as problem JSON instead of Tomcat's HTML. */
public final class ProblemReportValve extends ErrorReportValve {

    @Override
    protected void report(Request request, Response response, @Nullable Throwable throwable) {
        int code = response.getStatus();
        if (code < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
            return;
        }
        HttpStatus status = HttpStatus.resolve(code);
        String title = status == null ? "Error" : status.getReasonPhrase();
        EdgeFilter.set(request, response);
        response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
        response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        Map<String, Object> problem = new LinkedHashMap<>();
        problem.put("type", "about:blank");
        problem.put("title", title);
        problem.put("status", code);
        problem.put("detail", detail(code, request.getHeader(HttpHeaders.HOST)));
        if (request.getRequestURI() != null) {
            problem.put("instance", path(request.getRequestURI()));
        }
        try (Writer writer = response.getReporter()) {
            if (writer != null) {
                writer.write(JsonMapper.shared().writeValueAsString(problem));
                response.finishResponse();
            }
        } catch (IOException ex) {
            // The caller is gone.
        }
    }

    private static String detail(int code, @Nullable String host) {
        if (code == 400 && RefusedHeads.hasBadHost(host)) {
            return "The Host header is no name of a host: it has letters, digits, hyphens and dots, and no underscore.";
        }
        return switch (code) {
            case 403 -> "Scripts of this origin may not call.";
            case 405 -> "No path here takes this method.";
            case 414 -> "The path is longer than the whole head of a request may be.";
            case 431 -> "The headers are larger, or more, than they may be.";
            default -> "The request was refused before it was read to its end.";
        };
    }

    /** As it came, where that is a path: what is escaped already stays as it is. */
    private static String path(String raw) {
        return UriUtils.encodePath(raw, StandardCharsets.UTF_8).replaceAll("%25(?=[0-9A-Fa-f]{2})", "%");
    }
}
