package com.example.fib.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FibonacciTests {

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1, 1",
        "2, 1",
        "3, 2",
        "10, 55",
        "30, 832040",
        "46, 1836311903",
        "47, 2971215073",
        "92, 7540113804746346429",
        "93, 12200160415121876738",
        "100, 354224848179261915075",
        "200, 280571172992510140037611932413038677189525",
        "300, 222232244629420445529739893461909967206666939096499764990979600"
    })
    void knowsTheNumbersThatAreInBooks(int n, String expected) {
        assertThat(Fibonacci.digits(n)).isEqualTo(expected);
    }

    @Test
    void agreesWithAddingUp() {
        BigInteger current = BigInteger.ZERO;
        BigInteger next = BigInteger.ONE;
        for (int n = 0; n <= 3000; n++) {
            String expected = current.toString();
            assertThat(Fibonacci.inLimbs(n)).as("fib(%d)", n).isEqualTo(expected);
            assertThat(Fibonacci.inApfloat(n)).as("fib(%d)", n).isEqualTo(expected);
            BigInteger sum = current.add(next);
            current = next;
            next = sum;
        }
    }

    @RepeatedTest(50)
    void keepsTheAdditionIdentity(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        int m = 1 + random.nextInt(50_000);
        int n = random.nextInt(50_000);

        assertThat(number(m + n))
                .isEqualTo(number(m).multiply(number(n + 1)).add(number(m - 1).multiply(number(n))));
    }

    private static BigInteger number(int n) {
        return new BigInteger(Fibonacci.digits(n));
    }

    @Test
    void knowsTheThousandth() {
        assertThat(Fibonacci.digits(1000))
                .isEqualTo(
                        "43466557686937456435688527675040625802564660517371780402481729089536555417949051890403879840"
                                + "079255169295922593080322634775209689623239873322471161642996440906533187938298969649928516003704"
                                + "476137795166849228875");
    }

    @Test
    void knowsTheMillionth() {
        assertThat(Fibonacci.digits(1_000_000))
                .hasSize(208_988)
                .startsWith(
                        "19532821287077577316320149475962563324435429965918733969534051945716252578870156947666419876")
                .endsWith("68996526838242546875");
    }

    /** Both ways of computing, as each is checked by the other. */
    @Test
    void isTheSameInLimbsAndByApfloat() {
        new Random(1)
                .ints(100, 3_000, 2 * Fibonacci.APFLOAT_FROM)
                .forEach(n -> assertThat(Fibonacci.inLimbs(n)).as("fib(%d)", n).isEqualTo(Fibonacci.inApfloat(n)));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1})
    void isTheSameOnBothSidesOfTheCrossing(int offset) {
        int n = Fibonacci.APFLOAT_FROM + offset;

        assertThat(Fibonacci.digits(n)).isEqualTo(Fibonacci.inLimbs(n)).isEqualTo(Fibonacci.inApfloat(n));
    }

    @Test
    void refusesNegativeNumbers() {
        assertThatIllegalArgumentException().isThrownBy(() -> Fibonacci.digits(-1));
    }
}
