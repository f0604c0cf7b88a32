package com.example.fib.server;

import java.math.BigInteger;
import org.apfloat.ApfloatContext;
import org.apfloat.Apint;

/**
 * Fibonacci numbers: fib(0) = 0, fib(1) = 1, each further one the sum of the two before it. Exact for every n.
 *
 * <p>By fast doubling, from the highest bit of n down, with two squarings a bit (as in GMP's manual, "Fibonacci Numbers"):
 * F(2k+1) = 4F(k)^2 - F(k-1)^2 + 2(-1)^k, F(2k-1) = F(k)^2 + F(k-1)^2, and F(2k) is their difference.
 */
final class Fibonacci {

    private static final int RADIX = 10;

    /** From here on, computing in decimal costs less than writing a binary number in digits (docs/performance.md). */
    static final int DECIMAL_FROM = 150_000;

    static {
        ApfloatContext context = ApfloatContext.getContext();
        context.setNumberOfProcessors(1); // The workers already share the processors.
        context.setMemoryThreshold(Integer.MAX_VALUE); // Otherwise large numbers go to files in the working directory.
    }

    private Fibonacci() {}

    /**
     * fib(n) in decimal digits.
     *
     * @throws IllegalArgumentException if n is negative
     */
    static String digits(int n) {
        return n < DECIMAL_FROM ? binary(n).toString() : decimal(n).toString(true);
    }

    static BigInteger binary(int n) {
        if (n < 0) {
            throw new IllegalArgumentException("n is negative");
        }
        BigInteger current = BigInteger.ZERO;
        BigInteger previous = BigInteger.ONE;
        boolean odd = false;
        for (int bit = Integer.highestOneBit(n); bit != 0; bit >>>= 1) {
            BigInteger square = current.multiply(current);
            BigInteger previousSquare = previous.multiply(previous);
            BigInteger below = square.add(previousSquare);
            BigInteger above = square.shiftLeft(2).subtract(previousSquare).add(BigInteger.valueOf(odd ? -2 : 2));
            BigInteger middle = above.subtract(below);
            odd = (n & bit) != 0;
            current = odd ? above : middle;
            previous = odd ? middle : below;
        }
        return current;
    }

    /** The same, with numbers that are kept in decimal; the last step makes one number of the two with one product. */
    static Apint decimal(int n) {
        Apint two = new Apint(2, RADIX);
        Apint four = new Apint(4, RADIX);
        Apint current = new Apint(0, RADIX);
        Apint previous = new Apint(1, RADIX);
        boolean odd = false;
        for (int bit = Integer.highestOneBit(n); bit > 1; bit >>>= 1) {
            Apint square = current.multiply(current);
            Apint previousSquare = previous.multiply(previous);
            Apint below = square.add(previousSquare);
            Apint above = square.multiply(four).subtract(previousSquare).add(odd ? two.negate() : two);
            Apint middle = above.subtract(below);
            odd = (n & bit) != 0;
            current = odd ? above : middle;
            previous = odd ? middle : below;
        }
        Apint twice = current.add(current);
        return (n & 1) == 0
                ? current.multiply(current.add(previous).add(previous))
                : twice.add(previous).multiply(twice.subtract(previous)).add(odd ? two.negate() : two);
    }
}
