package com.example.rabbitrpc.client;

import java.util.regex.Pattern;

/** Text from elsewhere, fit for one line of a log. */
final class LogText {

    /** Control characters, what turns the direction of writing, and Unicode's own line and paragraph separators. */
    private static final Pattern UNFIT = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+");

    private LogText() {}

    static String line(String text) {
        return UNFIT.matcher(text).replaceAll(" ").strip();
    }
}
