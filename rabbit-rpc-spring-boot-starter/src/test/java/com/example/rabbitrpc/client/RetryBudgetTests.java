package com.example.rabbitrpc.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RetryBudgetTests {

    @Test
    void allowsAShareOfAllCallsAndNoMore() {
        RetryBudget budget = new RetryBudget(0.1, 0, 100);
        int spent = 0;
        for (int call = 0; call < 10_000; call++) {
            budget.earn();
            if (budget.spend()) {
                spent++;
            }
        }
        assertThat(spent).isEqualTo(1_000);
    }

    @Test
    void savesUpNoMoreThanItsMost() {
        RetryBudget budget = new RetryBudget(0.1, 1, 5);
        for (int call = 0; call < 10_000; call++) {
            budget.earn();
        }
        for (int token = 0; token < 5; token++) {
            assertThat(budget.spend()).isTrue();
        }
        assertThat(budget.spend()).isFalse();
    }
}
