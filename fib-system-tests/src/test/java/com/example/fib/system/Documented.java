package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A command in a page of the documentation, as it stands there in a fenced block after {@code $}, and the output shown below it, where
 * {@code ...} stands for anything.
 */
record Documented(Path page, String command, String output) {

    /** The project's folder. */
    static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();

    /** What is between two fences, the first of which may name a language. */
    static final Pattern FENCED = Pattern.compile("^```(\\w*)\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

    /** All pages of the project, none of what was built. */
    static List<Path> pages() {
        try (Stream<Path> root = Files.list(PROJECT);
                Stream<Path> docs = Files.walk(PROJECT.resolve("docs"))) {
            return Stream.concat(root, docs)
                    .filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .toList();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    static String text(Path page) {
        try {
            return Files.readString(page);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    static List<Documented> commands(Path page) {
        List<Documented> commands = new ArrayList<>();
        Matcher fenced = FENCED.matcher(text(page));
        while (fenced.find()) {
            // Before the first $ are commands without output, and files.
            String[] shown = ("\n" + fenced.group(2)).split("\n\\$ ", -1);
            for (String each : Arrays.asList(shown).subList(1, shown.length)) {
                String[] lines = each.split("\n", 2);
                commands.add(new Documented(page, lines[0], lines.length == 2 ? lines[1].strip() : ""));
            }
        }
        return commands;
    }

    /** Runs it with other ports than those of the page, and compares. */
    void run(Map<String, String> ports) {
        String adapted = command;
        for (Map.Entry<String, String> port : ports.entrySet()) {
            adapted = adapted.replace("localhost:" + port.getKey(), "localhost:" + port.getValue());
        }
        String actual = runInShell(adapted);
        if (!expected().matcher(actual).matches()) {
            throw new AssertionError("%s: %s%nis to print%n%s%nand prints%n%s"
                    .formatted(PROJECT.relativize(page), adapted, output, actual));
        }
    }

    private Pattern expected() {
        return Pattern.compile(
                Arrays.stream(output.split("\\.\\.\\.", -1))
                        .map(String::strip)
                        .map(Pattern::quote)
                        .collect(Collectors.joining(".*")),
                Pattern.DOTALL);
    }

    private static String runInShell(String command) {
        try {
            Process shell = new ProcessBuilder("bash", "-c", command)
                    .directory(PROJECT.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return new String(shell.getInputStream().readAllBytes(), UTF_8)
                    .replace("\r", "")
                    .strip();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }
}
