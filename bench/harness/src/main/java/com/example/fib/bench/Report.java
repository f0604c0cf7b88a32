package com.example.fib.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.stream.Stream;

/** Prints the tables, and writes them with all figures into bench/results. */
final class Report {

    private final Figures figures;
    private final List<String> notes;
    private final Map<String, String> facts;
    private final boolean isShort;
    private final boolean isComplete;

    Report(Figures figures, List<String> notes, Map<String, String> facts, boolean isShort, boolean isComplete) {
        this.figures = figures;
        this.notes = notes;
        this.facts = facts;
        this.isShort = isShort;
        this.isComplete = isComplete;
    }

    /** Returns whether every figure that could be measured here is there. */
    boolean write() throws IOException {
        StringBuilder text = new StringBuilder();
        if (isShort) {
            text.append("The short form: shows that the benchmark works; its figures mean nothing.\n\n");
        }
        facts.forEach((name, value) ->
                text.append("- ").append(name).append(": ").append(value).append('\n'));
        notes.forEach(note -> text.append("- ").append(note).append('\n'));
        text.append("\n| what | goal | figure | single rounds | met |\n|---|---|---|---|---|\n");
        List<String> missing = new ArrayList<>();
        for (Goal goal : Goal.ALL) {
            double value = goal.value(figures);
            if (Double.isNaN(value) && !isComplete) {
                continue;
            }
            text.append("| ").append(goal.what()).append(" | ").append(goal.wording());
            text.append(" | ")
                    .append(Goal.text(value))
                    .append(" | ")
                    .append(goal.spread(figures))
                    .append(" | ");
            text.append(Double.isNaN(value) ? "–" : goal.isMet(value) ? "yes" : "**no**")
                    .append(" |\n");
            if (Double.isNaN(value) && !excused(goal)) {
                missing.add(goal.what());
            }
        }
        text.append('\n').append(stacks()).append(memory()).append(starts());
        Path results = Bench.ROOT.resolve("bench/results");
        Files.createDirectories(results);
        Files.writeString(results.resolve("latest.md"), text);
        Files.writeString(results.resolve("latest.json"), json());
        System.out.println("\n" + text);
        if (isComplete && !missing.isEmpty()) {
            System.out.println("Not measured: " + String.join("; ", missing));
            return false;
        }
        return true;
    }

    /** What this machine cannot measure has said so in a note. */
    private boolean excused(Goal goal) {
        String figure = goal.figure();
        return notes.stream()
                .filter(note -> note.contains("not measured"))
                .anyMatch(note -> (figure.startsWith("start17.") && note.startsWith("start on 17"))
                        || (figure.startsWith("start.") && note.startsWith("start with an AOT cache"))
                        || (figure.startsWith("digits.") && note.startsWith("digits")));
    }

    private String stacks() {
        List<String> names = List.of("throughput", "p50", "p99", "cpu", "cpu.server", "cpu.gateway", "cpu.broker");
        StringBuilder text = new StringBuilder("| stack | callers | calls/s | p50 ms | p99 ms | CPU us a call"
                + " | server | gateway | broker |\n|---|---|---|---|---|---|---|---|---|\n");
        for (int callers : new int[] {1, 32, 256, 1024}) {
            for (String stack : Stacks.ALL) {
                String prefix = stack + "." + callers + ".";
                text.append(row(stack + " | " + callers, names.stream().map(prefix::concat)));
            }
        }
        return text.append('\n').toString();
    }

    private String memory() {
        List<String> names = List.of(
                "gateway.idle",
                "gateway.loaded",
                "server.idle",
                "server.loaded",
                "step.silent",
                "step.p99",
                "step.steady");
        StringBuilder text = new StringBuilder("| stack | gateway idle MB | after 256 callers | server idle MB"
                + " | after 256 callers | step: silent s | p99 of its first third, ms | of its last |\n"
                + "|---|---|---|---|---|---|---|---|\n");
        for (String stack : Stacks.ALL) {
            text.append(row(stack, names.stream().map(name -> stack + "." + name)));
        }
        return text.append('\n').toString();
    }

    private String starts() {
        StringBuilder rows = new StringBuilder();
        for (String start : List.of("start", "start17")) {
            for (String way : List.of("image", "jar", "tutorial")) {
                String gateway = start + ".gateway." + way;
                String server = start + ".server." + way;
                rows.append(
                        row(start + " | " + way, Stream.of(gateway, gateway + ".memory", server, server + ".memory")));
            }
        }
        return rows.length() == 0 ? "" : """
                | start | way | gateway ms | MB after | server ms | MB after |
                |---|---|---|---|---|---|
                """ + rows;
    }

    /** Empty where none of it was measured. */
    private String row(String cells, Stream<String> names) {
        List<Double> values = names.map(figures::median).toList();
        if (values.stream().allMatch(value -> value.isNaN())) {
            return "";
        }
        StringJoiner row = new StringJoiner(" | ", "| ", " |\n").add(cells);
        values.forEach(value -> row.add(Goal.text(value)));
        return row.toString();
    }

    /** Flat, a figure a line, so that {@link Draw} and others read it without a parser. */
    private String json() {
        StringJoiner lines = new StringJoiner(",\n", "{\n", "\n}\n");
        lines.add("  \"short\": " + isShort);
        facts.forEach((name, value) -> lines.add("  \"" + name + "\": \"" + escape(value) + "\""));
        for (String name : figures.all().keySet()) {
            lines.add(String.format(Locale.ROOT, "  \"%s\": %.3f", name, figures.median(name)));
        }
        for (String name : figures.all().keySet()) {
            StringJoiner values = new StringJoiner(", ", "[", "]");
            figures.rounds(name).forEach(value -> values.add(String.format(Locale.ROOT, "%.3f", value)));
            lines.add("  \"" + name + ".rounds\": " + values);
        }
        return lines.toString();
    }

    private static String escape(String text) {
        return text.replace("\\", "\\\\").replace("\"", "\\\"");
    }
}
