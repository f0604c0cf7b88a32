package com.example.fib.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** From a process's start to its first answer, the image's way and by java -jar. */
final class Starts {

    private final Run run;
    private final String jdk17;

    /** jdk17 is where one of 17 is; empty for nowhere. */
    Starts(Run run, String jdk17) {
        this.run = run;
        this.jdk17 = jdk17;
    }

    void measure() {
        if (run.jdk().hasAotCache()) {
            start("start", run.jdk(), run.images());
        } else {
            run.note("start with an AOT cache: not measured, it needs JDK 25");
        }
        if (run.jdk().version() == 17) {
            start("start17", run.jdk(), run.images());
        } else if (!jdk17.isEmpty() && !run.isShort()) {
            Jdk old = Jdk.at(Path.of(jdk17));
            start("start17", old, Image.build(old));
        } else {
            run.note("start on 17: not measured: " + (run.isShort() ? "the short form" : "there is no JDK 17"));
        }
    }

    private void start(String name, Jdk on, List<Image> built) {
        for (int i = 1; i <= run.plan().starts(); i++) {
            Run.step("Start " + i + " of " + run.plan().starts() + " on JDK " + on.version()
                    + ": image's way, and java -jar");
            start(name, "image", (part, settings) -> built.get(part).start(name + part, settings));
            start(name, "jar", (part, settings) -> {
                String jar = Image.jar(part == 0 ? "fib-server" : "fib-gateway").toString();
                return Program.start(name + part, Bench.WORK, settings, List.of(on.java(), "-jar", jar));
            });
        }
    }

    @FunctionalInterface
    private interface Starter {
        Program start(int part, Map<String, String> settings);
    }

    /**
     * One after the other, so that each has the machine for itself: the server until ready, and until its compiler has little left
     * to do; then the gateway until a call's 200.
     */
    private void start(String name, String way, Starter starter) {
        int serverPort = Pair.freePort();
        long start = System.nanoTime();
        try (Program server = starter.start(0, queue(serverPort))) {
            long ready = Pair.await(server, serverPort, "/actuator/health/readiness", "");
            run.add(name + ".server." + way, (ready - start) / 1e6);
            Run.sleep(run.plan().settle());
            int port = Pair.freePort();
            start = System.nanoTime();
            try (Program gateway = starter.start(1, queue(port))) {
                long answered = Pair.await(gateway, port, "/fib/30", "832040");
                run.add(name + ".gateway." + way, (answered - start) / 1e6);
            }
        }
    }

    private Map<String, String> queue(int port) {
        Map<String, String> settings = Pair.settings(run.broker(), port);
        settings.put("FIB_QUEUE_NAME", "bench_start");
        return settings;
    }
}
