package com.example.fib.system;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The machine's Chromium; where it has none, and these tests run as root, Debian's is installed. */
final class Chromium {

    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");
    private static final int INSTALL_MINUTES = 5;

    private Chromium() {}

    /**
     * Its program.
     *
     * @throws IllegalStateException if there is none, and none could be had; the message says what to do
     */
    static Path program() {
        String given = System.getenv("CHROMIUM");
        if (given != null && !given.isEmpty()) {
            return Path.of(given);
        }
        try {
            FileChannel lock = DebianPackage.lock(Path.of("target", "chromium.lock"));
            try (lock) { // One that another JVM installs is found before all of it is there.
                return find().or(Chromium::install)
                        .orElseThrow(() -> new IllegalStateException("no Chromium here, and none could be had: install"
                                + " Debian's chromium, or name one by the variable CHROMIUM"));
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private static Optional<Path> find() {
        return Stream.of(System.getenv().getOrDefault("PATH", "/usr/bin").split(File.pathSeparator))
                .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static Optional<Path> install() {
        if ("root".equals(System.getProperty("user.name")) && Files.isExecutable(Path.of("/usr/bin/apt-get"))) {
            System.out.println("Installing chromium (apt-get), log: target/chromium.log ...");
            String apt = "DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 ";
            run(apt + "update; " + apt + "install -y --no-install-recommends chromium");
        }
        return find();
    }

    private static void run(String script) {
        try {
            Process process = new ProcessBuilder("sh", "-c", script)
                    .redirectErrorStream(true)
                    .redirectOutput(Path.of("target", "chromium.log").toFile())
                    .start();
            if (!process.waitFor(INSTALL_MINUTES, TimeUnit.MINUTES)) {
                process.destroy();
            }
        } catch (IOException ex) {
            throw new IllegalStateException("cannot run " + script, ex);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ex);
        }
    }
}
