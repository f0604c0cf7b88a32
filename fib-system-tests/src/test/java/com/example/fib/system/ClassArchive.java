package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.springframework.util.FileSystemUtils;

/**
 * Both services the way their image starts them, in less than half the time: the jar extracted, and its classes in an
 * archive, which one training run makes. A JDK before 25 has class data sharing for that, later ones the AOT cache.
 */
final class ClassArchive {

    /** What training and start have in common. */
    static final String HEAP = "-Xmx256m";

    private static final boolean AOT = Runtime.version().feature() >= 25;
    private static final Path FOLDER = Path.of("target", "services").toAbsolutePath();
    private static final CompletableFuture<List<String>> server = inBackground("server");
    private static final CompletableFuture<List<String>> gateway = inBackground("gateway");

    private ClassArchive() {}

    /** What to give to {@code java}, made at the first use; a failure where it cannot be made. */
    static List<String> server() {
        return server.join();
    }

    static List<String> gateway() {
        return gateway.join();
    }

    private static CompletableFuture<List<String>> inBackground(String service) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return archived(ServiceProcess.jar(service), FOLDER.resolve(service));
                    } catch (IOException | GeneralSecurityException ex) {
                        throw new IllegalStateException("No class archive of the " + service, ex);
                    }
                },
                task -> new Thread(task, "class-archive").start());
    }

    private static List<String> archived(String jar, Path folder) throws IOException, GeneralSecurityException {
        Path archive = folder.resolve(key(jar) + ".archive");
        Path app = folder.resolve("app.jar");
        Files.createDirectories(FOLDER);
        FileChannel lock = DebianPackage.lock(Path.of(folder + ".lock"));
        try (lock) {
            if (!Files.exists(archive)) {
                FileSystemUtils.deleteRecursively(folder);
                java(
                        "-Djarmode=tools",
                        "-jar",
                        jar,
                        "extract",
                        "--application-filename",
                        "app.jar",
                        "--destination",
                        folder.toString());
                Path unfinished = folder.resolve("unfinished");
                java(
                        HEAP,
                        "-XX:TieredStopAtLevel=1",
                        (AOT ? "-XX:AOTCacheOutput=" : "-XX:ArchiveClassesAtExit=") + unfinished,
                        "-Dspring.context.exit=onRefresh",
                        "-jar",
                        app.toString());
                Files.move(unfinished, archive);
            }
        }
        return List.of((AOT ? "-XX:AOTCache=" : "-XX:SharedArchiveFile=") + archive, "-jar", app.toString());
    }

    /** Another jar or another JDK has another one. */
    private static String key(String jar) throws IOException, GeneralSecurityException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(Files.readAllBytes(Path.of(jar)));
        digest.update((System.getProperty("java.home") + System.getProperty("java.vm.version")).getBytes(UTF_8));
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
    }

    private static void java(String... arguments) {
        List<String> command = new ArrayList<>(List.of(ServiceProcess.JAVA));
        command.addAll(List.of(arguments));
        DebianPackage.run(new ProcessBuilder(command).redirectErrorStream(true));
    }
}
