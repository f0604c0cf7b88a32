package com.example.fib.gateway.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LongAnswersTests {

    private final LongAnswers answers = new LongAnswers(1 << 20, 8);

    @Test
    void holdNoMoreBytesThanTheirLimit() {
        assertThat(fill(300_000)).hasSize(2);
    }

    @Test
    void areNoMoreThanTheirLimit() {
        assertThat(fill(8_193)).hasSize(8);
    }

    @Test
    void areHeldOneAtATimeWhereOneIsLargerThanTheLimit() {
        assertThat(fill(5 << 20)).hasSize(1);
    }

    @Test
    void leaveShortOnesAlone() {
        fill(8_193);

        assertThat(answers.hold(8_192)).isZero();
    }

    @Test
    void makeRoomWhenTheyHaveBeenRead() {
        List<Integer> shares = fill(300_000);
        assertThatExceptionOfType(RpcException.class)
                .isThrownBy(() -> answers.hold(300_000))
                .satisfies(ex -> assertThat(ex.status()).isEqualTo(RpcStatus.RESOURCE_EXHAUSTED));

        answers.giveBack(shares.get(0));

        assertThat(answers.hold(300_000)).isEqualTo(shares.get(0));
    }

    private List<Integer> fill(int length) {
        List<Integer> shares = new ArrayList<>();
        try {
            while (true) {
                shares.add(answers.hold(length));
            }
        } catch (RpcException ex) {
            return shares;
        }
    }
}
