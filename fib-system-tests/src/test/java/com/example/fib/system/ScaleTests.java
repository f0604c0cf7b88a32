package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import com.jayway.jsonpath.JsonPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/scale.md shows what bin/scale prints, and that is what the figures say. */
class ScaleTests {

    private static final Path DATA = Documented.PROJECT.resolve("docs/scale.json");
    private static final double USE = figure("use");
    private static final double GATEWAY = figure("gateway.cores") / figure("ours.256.cpu.gateway") * 1e6 * USE;
    private static final double SERVER =
            figure("server.cores") / (figure("ours.256.cpu.server") + figure("function.cpu")) * 1e6 * USE;
    private static final double NODE = figure("node.cores") / figure("ours.256.cpu.broker") * 1e6 * USE;
    private static final double QUEUE = figure("queue.calls") * USE;

    @Test
    void isOnThePageAsItIsPrinted() throws Exception {
        String page = Documented.text(Documented.PROJECT.resolve("docs/scale.md"));
        assertThat(print().split("\n\n", -1)).hasSize(2).allSatisfy(table -> assertThat(page)
                .contains("\n\n" + table.strip() + "\n\n"));
    }

    @Test
    void saysWhatOneOfEachTakes() throws Exception {
        Map<String, Double> limits = new LinkedHashMap<>();
        rows(print().split("\n\n", -1)[0]).forEach(row -> limits.put(row.get(0), number(row.get(4))));
        assertThat(limits).containsOnlyKeys("gateway", "server", "queue", "node", "cluster");
        assertThat(limits.get("gateway")).isEqualTo(GATEWAY, offset(1.0));
        assertThat(limits.get("server")).isEqualTo(SERVER, offset(1.0));
        assertThat(limits.get("queue")).isEqualTo(QUEUE, offset(1.0));
        assertThat(limits.get("node")).isEqualTo(NODE, offset(1.0));
        assertThat(limits.get("cluster")).isEqualTo(NODE * figure("cluster.nodes"), offset(1.0));
    }

    /** So many carry the calls, and one fewer would not, but for the two that are always there. */
    @Test
    void countsWhatCarriesTheCalls() throws Exception {
        List<List<String>> rows = rows(print().split("\n\n", -1)[1]);
        assertThat(rows).extracting(row -> number(row.get(0))).containsExactly(1e3, 1e4, 1e5, 1e6);
        for (List<String> row : rows) {
            double calls = number(row.get(0));
            double waiting = calls * figure("call.ms") / 1_000;
            assertThat(number(row.get(1))).isEqualTo(waiting);
            requireJust(number(row.get(2)), Math.max(calls / GATEWAY, 2 * waiting / figure("fib.max-in-flight")), 2);
            requireJust(number(row.get(3)), calls / SERVER, 2);
            requireJust(number(row.get(4)), calls / QUEUE, 1);
            requireJust(number(row.get(6)), calls / NODE / figure("cluster.nodes"), 1);
            assertThat(number(row.get(5))).isEqualTo(number(row.get(6)) * figure("cluster.nodes"));
        }
    }

    @Test
    void namesWhatGivesOutFirst() throws Exception {
        double least = Math.min(Math.min(GATEWAY, SERVER), Math.min(QUEUE, NODE));
        String name = least == GATEWAY ? "gateway" : least == SERVER ? "server" : least == QUEUE ? "queue" : "node";
        for (List<String> row : rows(print().split("\n\n", -1)[1])) {
            String first = row.get(7).split(",", -1)[0];
            assertThat(first).isEqualTo(number(row.get(0)) > least ? "the " + name : "nothing");
        }
    }

    /** A later file's figures win, and what is missing is named. */
    @Test
    void takesOtherFigures(@TempDir Path folder) throws Exception {
        Path slow = Files.writeString(folder.resolve("slow.json"), "{\n  \"function.cpu\": 900\n}\n");
        List<List<String>> rows = rows(print(slow.toString()).split("\n\n", -1)[1]);
        assertThat(rows.get(1).get(7)).isEqualTo("the server");
        double micros = figure("ours.256.cpu.server") + 900;
        requireJust(number(rows.get(1).get(3)), 10_000 / (figure("server.cores") / micros * 1e6 * USE), 2);
        Path none = Files.writeString(folder.resolve("none.json"), "{\n  \"queue.calls\": 0\n}\n");
        Process process = start(none.toString());
        assertThat(new String(process.getErrorStream().readAllBytes(), UTF_8)).contains("queue.calls");
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(1);
    }

    private static void requireJust(double count, double wanted, int least) {
        assertThat(count).isGreaterThanOrEqualTo(least).isGreaterThanOrEqualTo(wanted - 1e-6);
        assertThat(count).isLessThan(Math.max(wanted, least - 1e-6) + 1);
    }

    private static double figure(String name) {
        Number value = JsonPath.read(Documented.text(DATA), "$['" + name + "']");
        return value.doubleValue();
    }

    private static double number(String text) {
        return Double.parseDouble(text.replace(",", ""));
    }

    /** Without heading and rule. */
    private static List<List<String>> rows(String table) {
        List<List<String>> rows = new ArrayList<>();
        table.lines()
                .skip(2)
                .forEach(line ->
                        rows.add(List.of(line.replaceAll("^\\| | \\|$", "").split(" *\\| *", -1))));
        return rows;
    }

    private static String print(String... files) throws Exception {
        Process process = start(files);
        String text = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        return text;
    }

    private static Process start(String... files) throws IOException {
        List<String> command =
                new ArrayList<>(List.of(Documented.PROJECT.resolve("bin/scale").toString()));
        command.addAll(List.of(files));
        return new ProcessBuilder(command).start();
    }
}
