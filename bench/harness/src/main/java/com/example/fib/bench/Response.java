package com.example.fib.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;
import java.util.Locale;

/** A whole HTTP/1.1 response within a buffer: its status, and where its body is, or the body itself where it came in chunks. */
final class Response {

    private static final byte[] NONE = {};

    private final int status;
    private final int from;
    private final int to;
    private final byte[] joined;
    private boolean last;

    private Response(int status, int from, int to, byte[] joined) {
        this.status = status;
        this.from = from;
        this.to = to;
        this.joined = joined;
    }

    /** Whether the server closes the connection now, as Tomcat does after a hundred requests. */
    boolean isLast() {
        return last;
    }

    int status() {
        return status;
    }

    /** Null while it is not complete. */
    static Response parse(byte[] in, int filled) {
        int head = find(in, 0, filled, "\r\n\r\n");
        if (head < 0) {
            return null;
        }
        String headers = new String(in, 0, head + 2, ISO_8859_1).toLowerCase(Locale.ROOT);
        Response response = parse(in, head + 4, filled, headers);
        if (response != null) {
            response.last = headers.contains("\r\nconnection: close\r\n");
        }
        return response;
    }

    private static Response parse(byte[] in, int body, int filled, String headers) {
        int status = Integer.parseInt(new String(in, 9, 3, ISO_8859_1));
        int length = headers.indexOf("\r\ncontent-length:");
        if (length >= 0) {
            int start = length + "\r\ncontent-length:".length();
            int to = body
                    + Integer.parseInt(headers.substring(start, headers.indexOf('\r', start))
                            .trim());
            return filled < to ? null : new Response(status, body, to, NONE);
        }
        if (headers.contains("\r\ntransfer-encoding: chunked\r\n")) {
            return chunked(status, in, body, filled);
        }
        return new Response(status, body, body, NONE);
    }

    private static Response chunked(int status, byte[] in, int from, int filled) {
        // The last chunk is empty, and these services send no trailers: cheap to see that there is more to come.
        if (filled < from + 5 || find(in, filled - 5, filled, "0\r\n\r\n") < 0) {
            return null;
        }
        byte[] joined = new byte[filled - from];
        int size = 0;
        int at = from;
        while (true) {
            int line = find(in, at, filled, "\r\n");
            if (line < 0) {
                return null;
            }
            int chunk = Integer.parseInt(new String(in, at, line - at, ISO_8859_1), 16);
            if (chunk == 0) {
                return new Response(status, 0, size, Arrays.copyOf(joined, size));
            }
            if (line + 2 + chunk + 2 > filled) {
                return null;
            }
            System.arraycopy(in, line + 2, joined, size, chunk);
            size += chunk;
            at = line + 2 + chunk + 2;
        }
    }

    boolean hasBody(byte[] in, byte[] expected) {
        byte[] source = joined.length > 0 ? joined : in;
        return Arrays.equals(source, from, to, expected, 0, expected.length);
    }

    private static int find(byte[] in, int from, int to, String what) {
        for (int i = from; i <= to - what.length(); i++) {
            int k = 0;
            while (k < what.length() && in[i + k] == what.charAt(k)) {
                k++;
            }
            if (k == what.length()) {
                return i;
            }
        }
        return -1;
    }
}
