package com.example.fib.gateway.edge;

import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.Enumeration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code Prefer: wait=N} (RFC 7240): for how many seconds a caller will wait at most. */
public final class WaitPreference {

    /** Not 0, as no call can be answered in that. */
    private static final Pattern SECONDS = Pattern.compile("[1-9][0-9]{0,8}");

    private WaitPreference() {}

    /** The first one there is, as the RFC has it; null where there is none, or one that makes no sense. */
    public static @Nullable Duration of(HttpServletRequest request) {
        for (Enumeration<String> lines = request.getHeaders("Prefer"); lines.hasMoreElements(); ) {
            // A quoted number is a number; what else is quoted is of other preferences, and may hold a comma.
            String unquoted =
                    lines.nextElement().replaceAll("\"([0-9]*)\"", "$1").replaceAll("\"[^\"]*\"", "");
            for (String preference : unquoted.split(",", -1)) {
                String[] nameAndValue = preference.split(";", 2)[0].split("=", 2);
                if (nameAndValue[0].strip().equalsIgnoreCase("wait")) {
                    return seconds(nameAndValue.length == 2 ? nameAndValue[1].strip() : "");
                }
            }
        }
        return null;
    }

    private static @Nullable Duration seconds(String value) {
        return SECONDS.matcher(value).matches() ? Duration.ofSeconds(Long.parseLong(value)) : null;
    }
}
