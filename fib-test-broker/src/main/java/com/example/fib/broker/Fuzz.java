package com.example.fib.broker;

import java.security.SecureRandom;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Inputs made at random, for 2 s, or {@code -Dfib.fuzz.seconds}. Each has a seed of its own, which a failure names, and {@code
 * -Dfib.fuzz.seed} begins with it.
 */
public final class Fuzz {

    /** Makes one input, and tries it. */
    public interface Round {
        void run(SplittableRandom random) throws Exception;
    }

    private Fuzz() {}

    /** At least one round, and no more once the time is over. */
    public static void run(Round round) {
        long seed = Long.getLong("fib.fuzz.seed", new SecureRandom().nextLong());
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.getLong("fib.fuzz.seconds", 2));
        long rounds = 0;
        do {
            try {
                round.run(new SplittableRandom(seed));
            } catch (Exception | Error ex) {
                throw new AssertionError("-Dfib.fuzz.seed=" + seed + " makes this input again: " + ex, ex);
            }
            seed++;
            rounds++;
        } while (System.nanoTime() - end < 0);
        System.out.println(rounds + " random inputs, the last of seed " + (seed - 1));
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
