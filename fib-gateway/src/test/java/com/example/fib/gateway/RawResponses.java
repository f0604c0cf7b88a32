package com.example.fib.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what came back over a connection, byte for byte. */
final class RawResponses {

    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.1 ([1-5][0-9]{2}) [^\r\n]*\r\n");
    private static final Pattern HEADER =
            Pattern.compile("([!#-'*+.0-9A-Z^-z|~-]+): ?([^\\x00-\\x08\\x0a-\\x1f\\x7f]*)\r\n");

    private RawResponses() {}

    /** Of one response after another, each as HTTP has it. */
    static List<Integer> statuses(String request, String responses) {
        List<Integer> statuses = new ArrayList<>();
        int at = 0;
        String line = request.lines().findFirst().orElse("");
        if (!responses.isEmpty() && !responses.startsWith("HTTP/")) {
            // To a line without a version, or refused before its version was read, HTTP/0.9 answers without a status
            // line.
            Matcher status = Pattern.compile("\"status\":([0-9]{3}),").matcher(responses);
            boolean isProblem = status.find();
            assertThat(isProblem || !line.contains(" HTTP/")).as(responses).isTrue();
            return List.of(isProblem ? Integer.parseInt(status.group(1)) : 200);
        }
        while (at < responses.length()) {
            Matcher status = STATUS_LINE.matcher(responses).region(at, responses.length());
            assertThat(status.lookingAt())
                    .as("a status line at %s of %s after %s", at, responses, request)
                    .isTrue();
            int code = Integer.parseInt(status.group(1));
            at = status.end();
            Map<String, String> headers = new HashMap<>();
            Matcher header = HEADER.matcher(responses).region(at, responses.length());
            while (header.lookingAt()) {
                headers.put(header.group(1).toLowerCase(Locale.ROOT), header.group(2));
                at = header.end();
                header.region(at, responses.length());
            }
            assertThat(responses.startsWith("\r\n", at))
                    .as("headers' end at %s of %s after %s", at, responses, request)
                    .isTrue();
            at += 2;
            if (code == 100) {
                continue;
            }
            statuses.add(code);
            at = bodyEnd(request, responses, at, code, headers);
        }
        return statuses;
    }

    private static int bodyEnd(String request, String responses, int start, int code, Map<String, String> headers) {
        // After HEAD there is none; which request of several it was, only what follows tells.
        boolean none =
                request.contains("HEAD") && (start == responses.length() || responses.startsWith("HTTP/1.1 ", start));
        if (none || code == 304) {
            return start;
        }
        String length = headers.get("content-length");
        if (length != null) {
            int end = start + Integer.parseInt(length);
            assertThat(end)
                    .as("the body's end in %s after %s", responses, request)
                    .isLessThanOrEqualTo(responses.length());
            return end;
        }
        if (!"chunked".equals(headers.get("transfer-encoding"))) {
            assertThat(headers)
                    .as("until the connection ends: %s after %s", responses, request)
                    .containsEntry("connection", "close");
            return responses.length();
        }
        int at = start;
        int size;
        do {
            int line = responses.indexOf("\r\n", at);
            size = Integer.parseInt(responses.substring(at, line), 16);
            at = line + 2 + size + 2;
        } while (size > 0);
        return at;
    }
}
