package com.example.fib.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What Linux tells of processes, in /proc. */
final class Proc {

    private static final double TICK = 10_000; // in us: USER_HZ is 100 wherever Java runs on Linux

    private Proc() {}

    /** CPU time of a process so far, all threads, user and system, in us. */
    static double cpu(long pid) {
        String stat = read("/proc/" + pid + "/stat");
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK;
    }

    /** CPU time of the whole machine so far that was neither idle nor waiting, in us. */
    static double machineCpu() {
        String[] fields = read("/proc/stat").lines().findFirst().orElseThrow().split(" +", -1);
        double ticks = 0;
        for (int i = 1; i <= 8; i++) { // user nice system idle iowait irq softirq steal
            ticks += i == 4 || i == 5 ? 0 : Long.parseLong(fields[i]);
        }
        return ticks * TICK;
    }

    /** Resident memory of a process in MB, of a million bytes. */
    static double resident(long pid) {
        return kilobytes("/proc/" + pid + "/status", "VmRSS:") * 1024 / 1e6;
    }

    static double machineMemory() {
        return kilobytes("/proc/meminfo", "MemTotal:") * 1024 / 1e6;
    }

    static String processor() {
        return read("/proc/cpuinfo")
                .lines()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 2))
                .findFirst()
                .orElse(System.getProperty("os.arch"));
    }

    private static long kilobytes(String file, String key) {
        return read(file)
                .lines()
                .filter(line -> line.startsWith(key))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElseThrow();
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }
}
