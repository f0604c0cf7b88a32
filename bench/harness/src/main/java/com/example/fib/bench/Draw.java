package com.example.fib.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** From a result's JSON to a picture of bars: {@code bench/draw}. Needs nothing else of the benchmark. */
public final class Draw {

    private record Stack(String name, String label) {}

    private record Panel(String title, String figure) {}

    private static final List<Stack> STACKS = List.of(
            new Stack("ours", "ours, the image's way"),
            new Stack("jar", "ours, java -jar"),
            new Stack("tutorial", "Spring, as in tutorials"),
            new Stack("node", "Node, fastify + amqplib"),
            new Stack("raw", "raw limit: Vert.x + amqp-client"));

    private static final List<Panel> PANELS = List.of(
            new Panel("Calls a second, 32 callers (more is better)", "32.throughput"),
            new Panel("Calls a second, 256 callers (more is better)", "256.throughput"),
            new Panel("CPU µs a call: server, gateway and broker, 32 callers (less is better)", "32.cpu"),
            new Panel("99% of calls answered within, ms, 32 callers (less is better)", "32.p99"));

    private static final int WIDTH = 760;
    private static final int LABELS = 230;
    private static final int BAR = 20;
    private static final int ROW = 26;

    private Draw() {}

    public static void main(String[] args) throws IOException {
        if (args.length != 2) {
            throw new IllegalArgumentException("usage: draw RESULT.json PICTURE.svg");
        }
        Path picture = Path.of(args[1]).toAbsolutePath();
        Files.createDirectories(picture.getParent());
        Files.writeString(picture, draw(Files.readString(Path.of(args[0]))));
    }

    static String draw(String json) {
        List<Stack> stacks = STACKS.stream()
                .filter(stack -> !Double.isNaN(number(json, stack.name() + ".32.cpu")))
                .toList();
        int panelHeight = 34 + stacks.size() * ROW + 14;
        int height = 16 + PANELS.size() * panelHeight + 30;
        StringBuilder bars = new StringBuilder();
        StringBuilder described = new StringBuilder();
        int y = 16;
        for (Panel panel : PANELS) {
            bars.append(String.format(
                    Locale.ROOT, "<text x=\"16\" y=\"%d\" class=\"title\">%s</text>\n", y + 16, panel.title()));
            described.append(panel.title()).append(": ");
            double most = stacks.stream()
                    .mapToDouble(stack -> number(json, stack.name() + "." + panel.figure()))
                    .max()
                    .orElse(1);
            int row = y + 30;
            for (Stack stack : stacks) {
                double value = number(json, stack.name() + "." + panel.figure());
                double length = Math.max(2, value / most * (WIDTH - LABELS - 90));
                int text = row + BAR - 5;
                bars.append(String.format(
                        Locale.ROOT,
                        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
                        LABELS - 8,
                        text,
                        stack.label()));
                bars.append(String.format(
                        Locale.ROOT,
                        "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"3\" class=\"%s\"/>\n",
                        LABELS,
                        row,
                        length,
                        BAR,
                        stack.label().startsWith("ours") ? "ours" : "peer"));
                bars.append(String.format(
                        Locale.ROOT, "<text x=\"%.1f\" y=\"%d\">%s</text>\n", LABELS + length + 8, text, text(value)));
                described.append(stack.label()).append(' ').append(text(value)).append("; ");
                row += ROW;
            }
            y += panelHeight;
        }
        String source = String.join(
                ", ",
                string(json, "machine"),
                "JDK " + string(json, "jdk"),
                "RabbitMQ " + string(json, "rabbitmq"),
                string(json, "date"));
        bars.append(String.format(
                Locale.ROOT, "<text x=\"16\" y=\"%d\" class=\"source\">%s</text>\n", y + 14, escape(source)));
        return String.format(
                        Locale.ROOT,
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"title desc\">\n",
                        WIDTH,
                        height,
                        WIDTH,
                        height)
                + String.format(
                        Locale.ROOT,
                        "<title id=\"title\">fib-rpc's throughput, CPU and latency beside other stacks on the same broker</title>\n")
                + String.format(
                        Locale.ROOT,
                        "<desc id=\"desc\">%s</desc>\n",
                        described.toString().strip())
                + """
                <style>
                  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
                  .title { font-weight: 600; }
                  .source { font-size: 11px; fill: #59636e; }
                  .back { fill: #ffffff; }
                  .ours { fill: #0969da; }
                  .peer { fill: #afb8c1; }
                  @media (prefers-color-scheme: dark) {
                    text { fill: #e6edf3; }
                    .source { fill: #9198a1; }
                    .back { fill: #0d1117; }
                    .ours { fill: #4493f8; }
                    .peer { fill: #545d68; }
                  }
                </style>
                <rect class="back" width="100%" height="100%"/>
                """
                + bars
                + "</svg>\n";
    }

    private static String text(double value) {
        return String.format(Locale.ROOT, value >= 100 ? "%,.0f" : "%.1f", value);
    }

    private static double number(String json, String name) {
        Matcher figure =
                Pattern.compile("\"" + Pattern.quote(name) + "\": (-?[0-9.]+)").matcher(json);
        return figure.find() ? Double.parseDouble(figure.group(1)) : Double.NaN;
    }

    private static String string(String json, String name) {
        Matcher fact = Pattern.compile("\"" + name + "\": \"([^\"]*)\"").matcher(json);
        return fact.find() ? fact.group(1) : "?";
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;");
    }
}
