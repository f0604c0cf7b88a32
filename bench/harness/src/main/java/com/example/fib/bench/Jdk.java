package com.example.fib.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A JDK: what is measured runs on it. */
record Jdk(Path home, int version, String fullVersion) {

    static Jdk at(Path home) {
        try {
            Matcher version = Pattern.compile("(?m)^JAVA_VERSION=\"((\\d+)[^\"]*)\"")
                    .matcher(Files.readString(home.resolve("release")));
            if (!version.find()) {
                throw new IllegalStateException("No JAVA_VERSION in " + home + "/release");
            }
            return new Jdk(home, Integer.parseInt(version.group(2)), version.group(1));
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    String java() {
        return home.resolve("bin/java").toString();
    }

    boolean hasAotCache() {
        return version >= 25;
    }
}
