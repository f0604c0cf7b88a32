package com.example.fib.system;

import com.example.fib.broker.TestBroker;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Random faults, one after another, for {@code -Dfib.faults.minutes}, summed up by fault. docs/faults.md has the command. */
@Tag("soak")
class SoakTests {

    private static final long MINUTES = Long.getLong("fib.faults.minutes", 30);
    private static final long SEED = Long.getLong("fib.faults.seed", System.nanoTime());

    @Test
    void keepsThePromiseThroughRandomFaults() throws Exception {
        System.out.println("-Dfib.faults.seed=" + SEED);
        Map<String, List<Figures>> table = new TreeMap<>();
        try (TestBroker broker = TestBroker.start();
                TcpProxy network = new TcpProxy(broker.host(), broker.port());
                Site site = new Site(broker)) {
            ServiceProcess server = site.server();
            site.server();
            ServiceProcess gateway = site.gateway("spring.rabbitmq.addresses", network.address());
            List<Map.Entry<String, Fault.Steps>> faults =
                    List.copyOf(faults(broker, network, server).entrySet());
            Random random = new Random(SEED);
            long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES);
            while (System.nanoTime() - end < 0) {
                Map.Entry<String, Fault.Steps> next = faults.get(random.nextInt(faults.size()));
                Figures figures = Fault.run("soak: " + next.getKey(), gateway, next.getValue());
                table.computeIfAbsent(next.getKey(), name -> new ArrayList<>()).add(figures);
            }
        }
        table.forEach((name, runs) -> System.out.println(sumUp(name, runs).row()));
        table.values().forEach(runs -> runs.forEach(SoakTests::requirePromise));
    }

    private static void requirePromise(Figures figures) {
        Fault.requirePromise(figures, Fault.RECOVERY_FROM_BLACKHOLE);
    }

    private static Map<String, Fault.Steps> faults(TestBroker broker, TcpProxy network, ServiceProcess server) {
        Map<String, Fault.Steps> faults = new TreeMap<>();
        faults.put("broker killed and restarted", () -> {
            broker.kill();
            Fault.lastFor(1);
            broker.restart();
        });
        faults.put("broker frozen", lasting(broker::freeze, broker::resume));
        faults.put("all connections closed", () -> broker.ctl("close_all_connections", "soak"));
        faults.put("one of two servers frozen", lasting(server::freeze, server::resume));
        faults.put("network black-holed", lasting(network::blackhole, network::off));
        faults.put("network reset", () -> {
            network.reset();
            Fault.lastFor(1);
        });
        faults.put("memory alarm", () -> {
            broker.ctl("set_vm_memory_high_watermark", "absolute", "1MB");
            Fault.lastFor(3);
            broker.ctl("set_vm_memory_high_watermark", "0.6");
        });
        return faults;
    }

    private static Fault.Steps lasting(Runnable begin, Runnable end) {
        return () -> {
            begin.run();
            Fault.lastFor(3);
            end.run();
        };
    }

    /** All calls of all runs, with the longest recovery. */
    private static Figures sumUp(String fault, List<Figures> runs) {
        return new Figures(
                fault + ", " + runs.size() + " times",
                runs.stream().flatMap(figures -> figures.calls().stream()).toList(),
                runs.stream()
                        .map(Figures::recovery)
                        .max(Comparator.naturalOrder())
                        .orElseThrow(),
                runs.stream().map(Figures::stall).max(Comparator.naturalOrder()).orElseThrow());
    }
}
