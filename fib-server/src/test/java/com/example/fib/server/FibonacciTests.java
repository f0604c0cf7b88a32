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
    void knowsTheNumbersThatAreInBooks(int n, BigInteger expected) {
        assertThat(Fibonacci.of(n)).isEqualTo(expected);
    }

    @Test
    void agreesWithAddingUp() {
        BigInteger current = BigInteger.ZERO;
        BigInteger next = BigInteger.ONE;
        for (int n = 0; n <= 2000; n++) {
            assertThat(Fibonacci.of(n)).as("fib(%d)", n).isEqualTo(current);
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

        assertThat(Fibonacci.of(m + n))
                .isEqualTo(Fibonacci.of(m)
                        .multiply(Fibonacci.of(n + 1))
                        .add(Fibonacci.of(m - 1).multiply(Fibonacci.of(n))));
    }

    @Test
    void knowsTheThousandth() {
        assertThat(Fibonacci.of(1000))
                .hasToString(
                        "43466557686937456435688527675040625802564660517371780402481729089536555417949051890403879840"
                                + "079255169295922593080322634775209689623239873322471161642996440906533187938298969649928516003704"
                                + "476137795166849228875");
    }

    @Test
    void knowsTheMillionth() {
        assertThat(Fibonacci.of(1_000_000).toString())
                .hasSize(208_988)
                .startsWith(
                        "19532821287077577316320149475962563324435429965918733969534051945716252578870156947666419876")
                .endsWith("68996526838242546875");
    }

    @Test
    void refusesNegativeNumbers() {
        assertThatIllegalArgumentException().isThrownBy(() -> Fibonacci.of(-1));
    }
}
