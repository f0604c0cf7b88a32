package com.example.fib.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.math.BigInteger;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The right answers, computed in another way than the services do, or by GMP. */
final class Digits {

    private static final Map<Integer, byte[]> known = new ConcurrentHashMap<>();

    private Digits() {}

    /** By addition alone, where nobody has told. */
    static byte[] of(int n) {
        return known.computeIfAbsent(n, unused -> {
            BigInteger current = BigInteger.ZERO;
            BigInteger next = BigInteger.ONE;
            for (int i = 0; i < n; i++) {
                BigInteger sum = current.add(next);
                current = next;
                next = sum;
            }
            return current.toString().getBytes(US_ASCII);
        });
    }

    static void learn(int n, String digits) {
        known.put(n, digits.getBytes(US_ASCII));
    }
}
