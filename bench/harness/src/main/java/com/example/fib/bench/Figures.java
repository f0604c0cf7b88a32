package com.example.fib.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Everything measured, by name, such as {@code ours.32.cpu}: a value for each round. */
final class Figures {

    private final Map<String, List<Double>> all = new LinkedHashMap<>();

    void add(String name, double value) {
        all.computeIfAbsent(name, unused -> new ArrayList<>()).add(value);
    }

    Map<String, List<Double>> all() {
        return all;
    }

    /** Empty where nothing was measured. */
    List<Double> rounds(String name) {
        return all.getOrDefault(name, List.of());
    }

    /** NaN where nothing was measured. */
    double median(String name) {
        return median(rounds(name));
    }

    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        if (sorted.isEmpty()) {
            return Double.NaN;
        }
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
