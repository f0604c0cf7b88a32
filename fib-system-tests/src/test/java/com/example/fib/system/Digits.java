package com.example.fib.system;

import java.math.BigInteger;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The digits of fib(n), by plain addition, to compare answers with. */
final class Digits {

    private static final Map<Integer, String> known = new ConcurrentHashMap<>();

    private Digits() {}

    static {
        BigInteger a = BigInteger.ZERO;
        BigInteger b = BigInteger.ONE;
        for (int n = 0; n <= 40_000; n++) {
            if (n < 5_000 || n % 2_000 == 0) {
                known.put(n, a.toString());
            }
            BigInteger sum = a.add(b);
            a = b;
            b = sum;
        }
    }

    /** For n below 5,000, and for every other thousand up to 40,000. */
    static String of(int n) {
        String digits = known.get(n);
        if (digits == null) {
            throw new IllegalArgumentException("not among them: " + n);
        }
        return digits;
    }
}
