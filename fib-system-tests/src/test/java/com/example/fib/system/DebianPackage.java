package com.example.fib.system;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.springframework.util.FileSystemUtils;

/**
 * Programs of a Debian package. They are the machine's; where it has none, the package is unpacked beside these tests' own output, with
 * what it needs and without being installed.
 */
final class DebianPackage {

    /** Where there are no package lists, or old ones, with lists of its own: no root needed. */
    private static final String DOWNLOAD = """
            get() {
              names=$(apt-get $own -s -o Debug::NoLocking=1 install --no-install-recommends PACKAGE |
                sed -n 's/^Inst \\([^ ]*\\).*/\\1/p')
              apt-get -q $own download $names
            }
            cd 'FOLDER' || exit 1
            get || {
              mkdir -p apt/lists/partial apt/cache/archives/partial
              own="-o Dir::State::Lists=$PWD/apt/lists -o Dir::Cache=$PWD/apt/cache -o APT::Sandbox::User="
              apt-get -q $own update && get || exit 1
            }
            for file in *.deb; do dpkg -x "$file" . || exit 1; done
            """;

    private final String name;
    private final Path folder;

    DebianPackage(String name) {
        this.name = name;
        this.folder = Path.of("target", "debian", name).toAbsolutePath();
    }

    /**
     * One of its programs, to be started.
     *
     * @throws IllegalStateException if there is none, and none could be had; the message says what to do
     */
    ProcessBuilder program(String program, String... arguments) {
        List<Path> candidates = Stream.concat(
                        Stream.of(System.getenv()
                                        .getOrDefault("PATH", "/usr/bin")
                                        .split(File.pathSeparator))
                                .map(Path::of),
                        Stream.of(Path.of("/usr/sbin"), folder.resolve("usr/bin"), folder.resolve("usr/sbin")))
                .map(each -> each.resolve(program))
                .toList();
        if (candidates.stream().noneMatch(Files::isExecutable)) {
            unpack();
        }
        Path found = candidates.stream()
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no " + program + " here, and none could be had: put it"
                        + " on the PATH, or install Debian's package " + name));
        List<String> command = new ArrayList<>(List.of(found.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        if (found.startsWith(folder)) {
            builder.environment().put("LD_LIBRARY_PATH", libraries());
        }
        return builder;
    }

    private String libraries() {
        try (Stream<Path> folders =
                Files.find(folder, 3, (path, attributes) -> path.toString().endsWith("-linux-gnu"))) {
            return folders.map(Path::toString).collect(Collectors.joining(File.pathSeparator));
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Once, however many JVMs want it; there is no folder before all of it is there. */
    private void unpack() {
        if (!Files.isExecutable(Path.of("/usr/bin/apt-get"))) {
            return;
        }
        Path unfinished = Path.of(folder + ".unfinished");
        try {
            Files.createDirectories(folder.getParent());
            FileChannel lock = lock(Path.of(folder + ".lock"));
            try (lock) {
                if (Files.exists(folder)) {
                    return;
                }
                System.out.println("Unpacking Debian's " + name + " into " + folder + " ...");
                FileSystemUtils.deleteRecursively(unfinished);
                Files.createDirectories(unfinished);
                String script = DOWNLOAD.replace("PACKAGE", name).replace("FOLDER", unfinished.toString());
                run(new ProcessBuilder("sh", "-c", script).redirectErrorStream(true));
                Files.move(unfinished, folder);
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /**
     * Runs it to its end, and returns what it wrote.
     *
     * @throws AssertionError where it fails, with what it wrote
     */
    static String run(ProcessBuilder program) {
        try {
            Path output = Files.createTempFile("fib-program-", ".out");
            try {
                Process started = program.redirectOutput(output.toFile()).start();
                boolean ended = started.waitFor(6, TimeUnit.MINUTES);
                started.destroyForcibly();
                String text = Files.readString(output);
                if (!ended || started.exitValue() != 0) {
                    throw new AssertionError(String.join(" ", program.command()) + " failed:\n" + text);
                }
                return text;
            } finally {
                Files.delete(output);
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ex);
        }
    }

    /** Holds others off, in this JVM and in others, until it is closed. */
    static FileChannel lock(Path file) throws IOException {
        FileChannel lock = FileChannel.open(file, CREATE, WRITE);
        Awaitility.await()
                .atMost(Duration.ofMinutes(8))
                .ignoreException(OverlappingFileLockException.class)
                .until(() -> lock.tryLock() != null);
        return lock;
    }

    /** Below those of bin/rabbitmq and of outgoing connections; and the one above it is free, too. */
    static int freePort() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(10_000, 15_000);
            if (isFree(port) && isFree(port + 1)) {
                return port;
            }
        }
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException ex) {
            return false;
        }
    }
}
