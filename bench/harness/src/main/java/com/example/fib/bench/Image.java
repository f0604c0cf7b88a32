package com.example.fib.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Our services as their image runs them, without Docker: jars extracted, the Dockerfile's own JVM settings and its own way to
 * the AOT cache, and docker-compose.yml's limit of memory as the JVM's idea of the machine. A JDK before 25 gets class data
 * sharing instead of the AOT cache, the way it has had since 13.
 */
final class Image implements Starter {

    private static final String DOCKERFILE = read("Dockerfile");
    private static final Pattern ENTRYPOINT = Pattern.compile("(?m)^ENTRYPOINT \\[(\"java\".*\"-jar\", \"app.jar\")]$");
    private static final Pattern TRAINING =
            Pattern.compile("(?m)^ +java (-XX:AOTCacheOutput=app\\.aot .*-jar app\\.jar) \\\\$");
    private static final Pattern ENV = Pattern.compile("(?m)^ENV ((?!SERVER_PORT)\\w+)=(\\S+)$");
    /** The image's JDK knows more settings than older ones. */
    private static final String OLDER = "-XX:+IgnoreUnrecognizedVMOptions";

    private static final int SERVER_CLASS_MB = 1792;

    private final String service;
    private final Jdk jdk;
    private final Path folder;

    private Image(String service, Jdk jdk) {
        this.service = service;
        this.jdk = jdk;
        this.folder = Bench.WORK.resolve(service + "-on-" + jdk.version());
    }

    /** Both services, fib-server first; extracted, and trained side by side. */
    static List<Image> build(Jdk jdk) {
        List<Image> images = List.of(new Image("fib-server", jdk), new Image("fib-gateway", jdk));
        images.forEach(Image::extract);
        List<Program> trainings = images.stream().map(Image::train).toList();
        for (Program training : trainings) {
            try (training) {
                training.awaitSuccess(300);
            }
        }
        return images;
    }

    private void extract() {
        Bench.delete(folder);
        List<String> command = List.of(
                jdk.java(),
                "-Djarmode=tools",
                "-jar",
                Starter.service(service).toString(),
                "extract",
                "--application-filename",
                "app.jar",
                "--destination",
                folder.toString());
        Program.run(service + "-extract", Bench.WORK, Map.of(), command, 60);
    }

    private Program train() {
        String training = match(TRAINING).group(1);
        if (!jdk.hasAotCache()) {
            training = training.replace("-XX:AOTCacheOutput=app.aot", OLDER + " -XX:ArchiveClassesAtExit=app.jsa");
        }
        List<String> command = new ArrayList<>(List.of(jdk.java()));
        command.addAll(Arrays.asList(training.split(" +", -1)));
        return Program.start(service + "-training", folder, environment(), command);
    }

    @Override
    public Program start(String name, Map<String, String> settings) {
        List<String> command = new ArrayList<>(List.of(jdk.java()));
        command.addAll(options());
        command.addAll(List.of("-jar", "app.jar"));
        Map<String, String> all = new HashMap<>(environment());
        all.putAll(settings);
        return Program.start(name, folder, all, command);
    }

    /** What the JVM is given: the Dockerfile's settings, and what it would choose itself within the container's memory. */
    List<String> options() {
        String entrypoint = match(ENTRYPOINT).group(1);
        List<String> options = Arrays.stream(entrypoint.split(", *", -1))
                .map(part -> part.substring(1, part.length() - 1))
                .filter(part -> part.startsWith("-X") || part.startsWith("-D") || part.startsWith("--"))
                .collect(Collectors.toCollection(ArrayList::new));
        if (!jdk.hasAotCache()) {
            options.replaceAll(option -> option.replace("-XX:AOTCache=app.aot", "-XX:SharedArchiveFile=app.jsa"));
            options.add(0, OLDER);
        }
        int limit = memoryLimit();
        options.add("-XX:MaxRAM=" + limit + "m");
        if (limit < SERVER_CLASS_MB && options.stream().noneMatch(option -> option.matches("-XX:\\+Use\\w+GC"))) {
            options.add("-XX:+UseSerialGC");
        }
        return options;
    }

    private int memoryLimit() {
        Matcher limit = Pattern.compile("(?ms)^  " + service + ":$.*?^    mem_limit: (\\d+)m$")
                .matcher(read("docker-compose.yml"));
        if (!limit.find()) {
            throw new IllegalStateException("No mem_limit of " + service + " in docker-compose.yml");
        }
        return Integer.parseInt(limit.group(1));
    }

    private static Map<String, String> environment() {
        return ENV.matcher(DOCKERFILE).results().collect(Collectors.toMap(env -> env.group(1), env -> env.group(2)));
    }

    private static Matcher match(Pattern pattern) {
        Matcher matcher = pattern.matcher(DOCKERFILE);
        if (!matcher.find()) {
            throw new IllegalStateException(
                    "The Dockerfile has no line like " + pattern + ": tell bench's Image its new way");
        }
        return matcher;
    }

    private static String read(String file) {
        try {
            return Files.readString(Bench.ROOT.resolve(file));
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }
}
