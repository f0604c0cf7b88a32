package com.example.fib.bench.peers;

import java.math.BigInteger;

/** The algorithm of fib-server's own class, so that the peers differ in everything else only. */
final class Fibonacci {

    private Fibonacci() {}

    static BigInteger of(int n) {
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
