package com.example.rabbitrpc.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class UnansweredTests {

    private static final long LONG_AGO = System.nanoTime() - TimeUnit.SECONDS.toNanos(10);

    @Test
    void threeInARowAreEnough() {
        Unanswered unanswered = new Unanswered(LONG_AGO);
        unanswered.expired(LONG_AGO + 1);
        unanswered.expired(LONG_AGO + 2);
        assertThat(unanswered.isSilent()).isFalse();
        unanswered.expired(LONG_AGO + 3);
        assertThat(unanswered.isSilent()).isTrue();
        assertThat(unanswered.since()).isEqualTo(LONG_AGO + 1);
    }

    @Test
    void notOnesThatWaitedForAMoment() {
        Unanswered unanswered = new Unanswered(LONG_AGO);
        long now = System.nanoTime();
        for (int i = 0; i < 10; i++) {
            unanswered.expired(now);
        }
        assertThat(unanswered.isSilent()).isFalse();
    }

    @Test
    void aReplyBeginsAnew() {
        Unanswered unanswered = new Unanswered(LONG_AGO);
        for (int i = 0; i < 3; i++) {
            unanswered.expired(LONG_AGO + 1);
        }
        unanswered.replied();
        assertThat(unanswered.isSilent()).isFalse();
        unanswered.expired(LONG_AGO + 1);
        assertThat(unanswered.isSilent()).isFalse();
    }

    @Test
    void aConnectionThatIsNewBeginsAnew() {
        Unanswered unanswered = new Unanswered(LONG_AGO);
        for (int i = 0; i < 3; i++) {
            unanswered.expired(LONG_AGO + 1);
        }
        unanswered.begin();
        assertThat(unanswered.isSilent()).isFalse();
    }

    @Test
    void leavesOnceAndPauses() {
        Unanswered unanswered = new Unanswered(LONG_AGO);
        assertThat(unanswered.mayLeave()).isTrue();
        unanswered.left();
        assertThat(unanswered.mayLeave()).isFalse();
        unanswered.replied();
        assertThat(unanswered.mayLeave()).isFalse();
    }

    @Test
    void whatExpiredLongAgoDoesNotCount() {
        long hourAgo = LONG_AGO - TimeUnit.HOURS.toNanos(1);
        Unanswered unanswered = new Unanswered(hourAgo);
        unanswered.expired(hourAgo + 1);
        unanswered.expired(hourAgo + 1);
        unanswered.expired(LONG_AGO);
        assertThat(unanswered.isSilent()).isFalse();
        assertThat(unanswered.since()).isEqualTo(LONG_AGO);
    }
}
