package com.example.rabbitrpc.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EndedCallsTests {

    private final EndedCalls calls = new EndedCalls();

    @Test
    void remembersTheLatestAndNoMore() {
        for (int i = 0; i < 10_000; i++) {
            calls.add("call-" + i, new EndedCalls.Call(false, null));
        }
        assertThat(calls.find("call-9999")).isNotNull();
        assertThat(calls.find("call-9500")).isNotNull();
        assertThat(calls.find("call-9499")).isNull();
        assertThat(calls.find(null)).isNull();
    }
}
