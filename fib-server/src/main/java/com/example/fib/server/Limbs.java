package com.example.fib.server;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Integers in decimal, so that nothing is converted to write them: limbs of six digits, the lowest first. Products by Karatsuba's
 * method, and by the schoolbook's below that (Brent and Zimmermann, Modern Computer Arithmetic, section 1.3), with carries put off
 * to the end.
 *
 * <p>Limbs are doubles, as processors multiply and add those fastest, and exact while no sum leaves 2^53 = 9 * 10^15. Factors
 * have limbs of at most 10^6 where carries are not put off. Of the three halvings below that each can double the limbs, as it makes
 * differences: those of the smallest products, of 64 limbs, are at most 8 * 10^6, and their columns 4.1 * 10^15. Two products of
 * half those limbs are added to that, with at most 2 * 10^15. Columns of 512 limbs of at most 10^6 are smaller, also four times.
 */
final class Limbs {

    private static final int DIGITS = 6;
    private static final int LIMB = 1_000_000;
    private static final int SCHOOLBOOK = 64;
    private static final int CARRIES_PUT_OFF = 512;

    /** So many rows of a schoolbook product are added up at once. */
    private static final int ROWS = 4;

    private Limbs() {}

    /** x * a + y * b + c for small x, y and c, and b no longer than a. */
    static double[] sum(int x, double[] a, int y, double[] b, int c) {
        double[] sum = new double[a.length + 1];
        for (int i = 0; i < a.length; i++) {
            sum[i] = x * a[i];
        }
        for (int i = 0; i < b.length; i++) {
            sum[i] += y * b[i];
        }
        sum[0] += c;
        carry(sum, 0, sum.length);
        int length = sum.length;
        while (length > 1 && sum[length - 1] == 0) {
            length--;
        }
        return Arrays.copyOf(sum, length);
    }

    /** The product's columns, with zeros above them: what {@link #sum} makes a number of. */
    static double[] product(double[] a, double[] b) {
        int length = Math.max(a.length, b.length);
        int halves = ROWS;
        while (length > SCHOOLBOOK / ROWS * halves) {
            halves *= 2;
        }
        length = (length + halves - 1) / halves * halves;
        double[] product = new double[2 * length];
        multiply(Arrays.copyOf(a, length), Arrays.copyOf(b, length), length, product, 0);
        return product;
    }

    /** Puts the product of a's and b's lowest limbs into what are zeros from {@code at} on. */
    private static void multiply(double[] a, double[] b, int length, double[] product, int at) {
        if (length <= SCHOOLBOOK) {
            for (int i = 0; i < length; i += ROWS) {
                addRows(a[i], a[i + 1], a[i + 2], a[i + 3], b, length, product, at + i);
            }
            return;
        }
        int half = length / 2;
        multiply(a, b, half, product, at);
        multiply(Arrays.copyOfRange(a, half, length), Arrays.copyOfRange(b, half, length), half, product, at + length);
        double[] middle = new double[length];
        multiply(difference(a, half), difference(b, half), half, middle, 0);
        for (int i = 0; i < length; i++) {
            middle[i] = product[at + i] + product[at + length + i] - middle[i];
        }
        for (int i = 0; i < length; i++) {
            product[at + half + i] += middle[i];
        }
        if (length > CARRIES_PUT_OFF) {
            carry(product, at, at + 2 * length);
        }
    }

    private static void addRows(
            double a0, double a1, double a2, double a3, double[] b, int length, double[] product, int at) {
        double b1 = 0;
        double b2 = 0;
        double b3 = 0;
        for (int i = 0; i < length; i++) {
            double b0 = b[i];
            product[at + i] += a0 * b0 + a1 * b1 + (a2 * b2 + a3 * b3);
            b3 = b2;
            b2 = b1;
            b1 = b0;
        }
        product[at + length] += a1 * b1 + a2 * b2 + a3 * b3;
        product[at + length + 1] += a2 * b1 + a3 * b2;
        product[at + length + 2] += a3 * b1;
    }

    /** The lower half less the upper one. */
    private static double[] difference(double[] a, int half) {
        double[] difference = new double[half];
        for (int i = 0; i < half; i++) {
            difference[i] = a[i] - a[half + i];
        }
        if (2 * half > CARRIES_PUT_OFF) {
            carry(difference, 0, half);
        }
        return difference;
    }

    /** The highest limb keeps what is left, and the sign. */
    private static void carry(double[] limbs, int from, int to) {
        long carry = 0;
        for (int i = from; i < to - 1; i++) {
            long column = (long) limbs[i] + carry;
            carry = Math.floorDiv(column, (long) LIMB);
            limbs[i] = column - carry * LIMB;
        }
        limbs[to - 1] += carry;
    }

    static String toString(double[] number) {
        byte[] text = new byte[number.length * DIGITS];
        int at = text.length;
        for (double limb : number) {
            int rest = (int) limb;
            for (int i = 0; i < DIGITS; i++) {
                text[--at] = (byte) ('0' + rest % 10);
                rest /= 10;
            }
        }
        while (at < text.length - 1 && text[at] == '0') {
            at++;
        }
        return new String(text, at, text.length - at, StandardCharsets.ISO_8859_1);
    }
}
