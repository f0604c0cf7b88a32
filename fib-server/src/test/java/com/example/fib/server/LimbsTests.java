package com.example.fib.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LimbsTests {

    /** All nines and lone ones are where carries run farthest and columns are highest; halves of nines and zeros make differences of both signs. */
    @ParameterizedTest
    @ValueSource(ints = {1, 5, 6, 7, 24, 25, 383, 384, 385, 1_000, 3_071, 3_072, 3_073, 3_100, 6_150, 12_300})
    void multiplyLikeBigInteger(int digits) {
        Random random = new Random(digits);
        String[] numbers = {
            "9".repeat(digits),
            "1" + "0".repeat(digits - 1),
            "0".repeat(digits / 2) + "9".repeat(digits - digits / 2),
            "9".repeat(digits / 2) + "0".repeat(digits - digits / 2),
            "999999000000".repeat(digits / 12 + 1),
            "000000999999".repeat(digits / 12 + 1),
            string(random.ints(digits, 0, 10)),
            string(random.ints(digits, 0, 2).map(bit -> 9 * bit))
        };
        for (String a : numbers) {
            for (String b : numbers) {
                assertThat(Limbs.toString(Limbs.sum(1, Limbs.product(limbs(a), limbs(b)), 0, new double[0], 0)))
                        .isEqualTo(new BigInteger(a).multiply(new BigInteger(b)).toString());
            }
        }
    }

    /** The largest differences at every level and of one sign in every smallest product: what sums would leave 2^53 if any did. */
    @ParameterizedTest
    @ValueSource(ints = {64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192})
    void multiplyWhatMakesTheLargestColumns(int limbs) {
        Random random = new Random(limbs);
        String a = IntStream.range(0, limbs)
                .map(i -> Integer.bitCount(i / 64) % 2 == 0 ? 999_999 - random.nextInt(10) : random.nextInt(10))
                .mapToObj("%06d"::formatted)
                .collect(Collectors.joining());

        assertThat(Limbs.toString(Limbs.sum(1, Limbs.product(limbs(a), limbs(a)), 0, new double[0], 0)))
                .isEqualTo(new BigInteger(a).pow(2).toString());
    }

    private static String string(IntStream digits) {
        return digits.mapToObj(Integer::toString).collect(Collectors.joining());
    }

    private static double[] limbs(String digits) {
        String padded = "0".repeat(Math.floorMod(-digits.length(), 6)) + digits;
        int length = padded.length() / 6;
        return IntStream.range(0, length)
                .mapToDouble(i -> Integer.parseInt(padded.substring(6 * (length - 1 - i), 6 * (length - i))))
                .toArray();
    }
}
