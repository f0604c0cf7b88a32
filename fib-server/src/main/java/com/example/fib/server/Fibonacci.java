package com.example.fib.server;

import org.apfloat.ApfloatContext;
import org.apfloat.Apint;

/**
 * Fibonacci numbers: fib(0) = 0, fib(1) = 1, each further one the sum of the two before it. Exact for every n.
 *
 * <p>By fast doubling, from the highest bit of n down, with two squarings a bit (as in GMP's manual, "Fibonacci Numbers"):
 * F(2k+1) = 4F(k)^2 - F(k-1)^2 + 2(-1)^k, F(2k-1) = F(k)^2 + F(k-1)^2, and F(2k) is their difference. In decimal throughout, as
 * making digits of a binary number costs more than computing it; the last step needs one number, and so one product.
 */
final class Fibonacci {

    private static final int RADIX = 10;

    /** From here on, apfloat's number-theoretic transforms cost less than Karatsuba's products (docs/performance.md). */
    static final int APFLOAT_FROM = 800_000;

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
        if (n < 0) {
            throw new IllegalArgumentException("n is negative");
        }
        return n < APFLOAT_FROM ? inLimbs(n) : inApfloat(n);
    }

    static String inLimbs(int n) {
        double[] current = {0};
        double[] previous = {1};
        int sign = 2;
        for (int bit = Integer.highestOneBit(n); bit > 1; bit >>>= 1) {
            double[] square = Limbs.product(current, current);
            double[] previousSquare = Limbs.product(previous, previous);
            double[] middle = Limbs.sum(3, square, -2, previousSquare, sign);
            if ((n & bit) == 0) {
                current = middle;
                previous = Limbs.sum(1, square, 1, previousSquare, 0);
                sign = 2;
            } else {
                current = Limbs.sum(4, square, -1, previousSquare, sign);
                previous = middle;
                sign = -2;
            }
        }
        double[] product = (n & 1) == 0
                ? Limbs.product(current, Limbs.sum(1, current, 2, previous, 0))
                : Limbs.product(Limbs.sum(2, current, 1, previous, 0), Limbs.sum(2, current, -1, previous, 0));
        return Limbs.toString(Limbs.sum(1, product, 0, product, (n & 1) == 0 ? 0 : sign));
    }

    static String inApfloat(int n) {
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
        Apint result = (n & 1) == 0
                ? current.multiply(current.add(previous).add(previous))
                : twice.add(previous).multiply(twice.subtract(previous)).add(odd ? two.negate() : two);
        return result.toString(true);
    }
}
