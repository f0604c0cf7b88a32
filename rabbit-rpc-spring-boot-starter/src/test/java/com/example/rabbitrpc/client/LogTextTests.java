package com.example.rabbitrpc.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LogTextTests {

    @Test
    void isOneLine() {
        assertThat(LogText.line("one\r\ntwo\u2028three\u0085four\tfive\u001b[31m\u202ered"))
                .isEqualTo("one two three four five [31m red");
        assertThat(LogText.line("  fib(30) = 832 040 \n")).isEqualTo("fib(30) = 832 040");
    }
}
