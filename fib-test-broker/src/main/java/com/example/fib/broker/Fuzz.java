package com.example.fib.broker;

import java.security.SecureRandom;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Inputs made at random. Each has a seed of its own, which a failure names, and {@code -Dfib.fuzz.seed} begins with it. Always the same
 * thousand, so that a build fails by what was changed; new ones for {@code -Dfib.fuzz.seconds}.
 */
public final class Fuzz {

    /** Makes one input, and tries it. */
    public interface Round {
        void run(SplittableRandom random) throws Exception;
    }

    private static final int ROUNDS = 1_000;
    private static final long LONGEST_SECONDS = 60;

    private Fuzz() {}

    /**
     * At least one round, and no more once the time is over.
     *
     * @return how many inputs there were and how to make them again, for what is asserted of all of them together
     */
    public static String run(Round round) {
        Long seconds = Long.getLong("fib.fuzz.seconds");
        long first = Long.getLong("fib.fuzz.seed", seconds == null ? 0 : new SecureRandom().nextLong());
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds == null ? LONGEST_SECONDS : seconds);
        long seed = first;
        do {
            try {
                round.run(new SplittableRandom(seed));
            } catch (Exception | Error ex) {
                throw new AssertionError("-Dfib.fuzz.seed=" + seed + " makes this input again: " + ex, ex);
            }
            seed++;
        } while (System.nanoTime() - end < 0 && (seconds != null || seed - first < ROUNDS));
        return (seed - first) + " random inputs from -Dfib.fuzz.seed=" + first + " on";
    }

    /** One of those given. */
    @SafeVarargs
    public static <T> T oneOf(SplittableRandom random, T... choices) {
        return choices[random.nextInt(choices.length)];
    }

    /** Up to so many bytes, less one. */
    public static byte[] bytes(SplittableRandom random, int bound) {
        byte[] bytes = new byte[random.nextInt(bound)];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Text of any characters, surrogates without their other half among them. */
    public static String text(SplittableRandom random, int bound) {
        int ceiling = oneOf(random, 0x80, 0x100, 0x10000);
        return random.ints(random.nextInt(bound), 0, ceiling)
                .collect(StringBuilder::new, (text, c) -> text.append((char) c), StringBuilder::append)
                .toString();
    }
}
