package com.example.rabbitrpc.server;

import org.jspecify.annotations.Nullable;

/** Text from strangers, fit for one line of a log. */
final class LogText {

    private static final int MAX_LENGTH = 80;

    private LogText() {}

    /** Quotes the text, escapes all but printable ASCII, and cuts it short. */
    static String quote(@Nullable String text) {
        return quote(text, MAX_LENGTH);
    }

    static String quote(@Nullable String text, int maxLength) {
        if (text == null) {
            return "none";
        }
        StringBuilder quoted = new StringBuilder("'");
        text.chars().limit(maxLength).forEach(c -> {
            if (c < ' ' || c > '~' || c == '\'' || c == '\\') {
                quoted.append("\\u%04x".formatted(c));
            } else {
                quoted.append((char) c);
            }
        });
        return quoted.append(text.length() > maxLength ? "'..." : "'").toString();
    }
}
