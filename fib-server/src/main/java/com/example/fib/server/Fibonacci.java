package com.example.fib.server;

import java.math.BigInteger;

/** Fibonacci numbers: fib(0) = 0, fib(1) = 1, each further one the sum of the two before it. Exact for every n. */
final class Fibonacci {

    private Fibonacci() {}

    /**
     * Fast doubling, from the highest bit of n down, with two squarings a bit (as in GMP's manual, "Fibonacci Numbers"):
     * F(2k+1) = 4F(k)^2 - F(k-1)^2 + 2(-1)^k, F(2k-1) = F(k)^2 + F(k-1)^2, and F(2k) is their difference.
     *
     * @throws IllegalArgumentException if n is negative
     */
    static BigInteger of(int n) {
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
}
