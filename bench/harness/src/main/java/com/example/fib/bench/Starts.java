package com.example.fib.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * From a process's start to its first answer, and its memory a while later: ours the image's way and by java -jar, and the
 * tutorial pair with actuator by java -jar.
 */
final class Starts {

    /**
     * A way to start a pair.
     *
     * @param ready the server's path that answers 200 when it is ready; empty where it has no HTTP and its log tells
     */
    private record Way(String name, Starter server, Starter gateway, String ready) {}

    private static final String READINESS = "/actuator/health/readiness";

    private final Run run;
    private final String jdk17;

    /** jdk17 is where one of 17 is; empty for nowhere. */
    Starts(Run run, String jdk17) {
        this.run = run;
        this.jdk17 = jdk17;
    }

    void measure() {
        if (run.jdk().hasAotCache()) {
            List<Way> ways = new ArrayList<>(ours(run.jdk(), run.images()));
            if (run.stacks().contains("tutorial")) {
                ways.add(tutorial(run.jdk()));
            }
            start("start", ways);
        } else {
            run.note("start with an AOT cache: not measured, it needs JDK 25");
        }
        if (run.jdk().version() == 17) {
            start("start17", ours(run.jdk(), run.images()));
        } else if (!jdk17.isEmpty() && !run.isShort()) {
            Jdk old = Jdk.at(Path.of(jdk17));
            start("start17", ours(old, Image.build(old)));
        } else {
            run.note("start on 17: not measured: " + (run.isShort() ? "the short form" : "there is no JDK 17"));
        }
    }

    private static List<Way> ours(Jdk jdk, List<Image> images) {
        return List.of(
                new Way("image", images.get(0), images.get(1), READINESS),
                new Way(
                        "jar",
                        Starter.jar(jdk, Starter.service("fib-server")),
                        Starter.jar(jdk, Starter.service("fib-gateway")),
                        READINESS));
    }

    private static Way tutorial(Jdk jdk) {
        return new Way(
                "tutorial",
                Starter.jar(jdk, Starter.tutorial("actuator", "server")),
                Starter.jar(jdk, Starter.tutorial("actuator", "gateway")),
                "");
    }

    private void start(String name, List<Way> ways) {
        for (int i = 1; i <= run.plan().starts(); i++) {
            for (Way way : ways) {
                Run.step(name + " " + i + " of " + run.plan().starts() + ": " + way.name());
                start(name, way);
            }
        }
    }

    /**
     * One after the other, so that each has the machine for itself: the server until ready, and until its compiler has little left
     * to do; then the gateway until a call's 200. Then the memory of both, as long after it.
     */
    private void start(String name, Way way) {
        int serverPort = Pair.freePort();
        long start = System.nanoTime();
        try (Program server = way.server().start(name + "-server", queue(serverPort))) {
            long ready = way.ready().isEmpty()
                    ? server.awaitLog("Started TutorialServer", Pair.READY_SECONDS)
                    : Pair.await(server, serverPort, way.ready(), "");
            run.add(name + ".server." + way.name(), (ready - start) / 1e6);
            Run.sleep(run.plan().settle());
            int port = Pair.freePort();
            start = System.nanoTime();
            try (Program gateway = way.gateway().start(name + "-gateway", queue(port))) {
                long answered = Pair.await(gateway, port, "/fib/30", "832040");
                run.add(name + ".gateway." + way.name(), (answered - start) / 1e6);
                Run.sleep(run.plan().settle());
                run.add(name + ".server." + way.name() + ".memory", Proc.resident(server.pid()));
                run.add(name + ".gateway." + way.name() + ".memory", Proc.resident(gateway.pid()));
            }
        }
    }

    private Map<String, String> queue(int port) {
        Map<String, String> settings = Pair.settings(run.broker(), port);
        settings.put("FIB_QUEUE_NAME", "bench_start");
        return settings;
    }
}
