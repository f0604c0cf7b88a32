package com.example.fib.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.math.BigDecimal;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;

class RequestReaderTests {

    private static final long NOW = 1_800_000_000_000L;

    private final RequestReader reader = new RequestReader(
            new ServerSettings(
                    1_000_000, 8, null, null, new ServerSettings.Queue("q", ServerSettings.Type.CLASSIC, true)),
            Clock.fixed(Instant.ofEpochMilli(NOW), ZoneOffset.UTC));

    private final MessageProperties properties = new MessageProperties();

    RequestReaderTests() {
        properties.setContentType("");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1, 1",
        "30, 30",
        "1000000, 1000000",
        "007, 7",
        "00000000000000000030, 30",
        "00000000000000000000, 0"
    })
    void readsDigits(String body, int n) {
        assertThat(read(body)).isEqualTo(n);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "-1",
                "+1",
                " 30",
                "30 ",
                "30\n",
                "3 0",
                "3.0",
                "1e3",
                "0x1E",
                "30L",
                "thirty",
                "3,0",
                "\u0000",
                "30\u0000",
                "\u0663\u0660",
                "\uFF13\uFF10",
                "\u00B2",
                "\uFEFF30",
                "\"30\"",
                "{\"n\":30}",
                "NaN",
                "null",
                "000000000000000000030",
                "999999999999999999999999"
            })
    void refusesWhatIsNotAShortRowOfAsciiDigits(String body) {
        assertRefused(body, "INVALID_ARGUMENT");
    }

    @Test
    void refusesBytesThatAreNoText() {
        assertRefused(new byte[] {(byte) 0xff, (byte) 0xfe}, "INVALID_ARGUMENT");
        assertRefused(new byte[] {'3', (byte) 0xc3}, "INVALID_ARGUMENT");
        assertRefused("3\u00B9".getBytes(ISO_8859_1), "INVALID_ARGUMENT");
        assertRefused(new byte[] {(byte) 0xac, (byte) 0xed, 0, 5, 'p'}, "INVALID_ARGUMENT");
        assertRefused(new byte[1 << 20], "INVALID_ARGUMENT");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1000001",
                "2147483648",
                "4294967296",
                "4294967326",
                "9223372036854775807",
                "9223372036854775808",
                "18446744073709551616",
                "18446744073709551646",
                "99999999999999999999"
            })
    void saysOutOfRangeAboveTheLimitAndNeverOverflows(String body) {
        assertRefused(body, "OUT_OF_RANGE");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "TEXT/Plain",
                "text/plain; charset=utf-8",
                "text/plain;charset=UTF-8",
                "text/plain; charset=US-ASCII",
                "text/plain; charset=\"utf-8\"",
                "text/plain; format=flowed"
            })
    void takesPlainText(String contentType) {
        properties.setContentType(contentType);
        assertThat(read("30")).isEqualTo(30);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json",
                "application/octet-stream",
                "application/x-java-serialized-object",
                "text/html",
                "text/*",
                "*/*",
                "text",
                "text/plain; charset=utf-16",
                "text/plain; charset=iso-8859-1",
                "text/plain; charset=nonsense",
                "text/plain; charset=",
                "text/plain; charset=\"",
                "/",
                ";",
                " ",
                "\u0000",
                "text/plain\r\nx: y"
            })
    void refusesOtherContentTypes(String contentType) {
        properties.setContentType(contentType);
        assertRefused("30", "INVALID_ARGUMENT");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "identity", "UTF-8", "utf-8", "US-ASCII"})
    void takesNoEncodingAndTheNamesOfItsCharsets(String encoding) {
        properties.setContentEncoding(encoding);
        assertThat(read("30")).isEqualTo(30);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "deflate", "br", "utf-16", "gzip:UTF-8", " "})
    void refusesOtherEncodings(String encoding) {
        properties.setContentEncoding(encoding);
        assertRefused("30", "INVALID_ARGUMENT");
    }

    static Stream<Number> deadlinesToCome() {
        return Stream.of(NOW, NOW + 1, Long.MAX_VALUE);
    }

    @ParameterizedTest
    @MethodSource("deadlinesToCome")
    void answersUntilTheDeadline(Number deadline) {
        properties.setHeader("x-deadline", deadline);
        assertThat(read("30")).isEqualTo(30);
    }

    static Stream<Number> deadlinesPassed() {
        return Stream.of(NOW - 1, 0L, -1L, Long.MIN_VALUE, 1_700_000_000, (short) 5, (byte) 5);
    }

    @ParameterizedTest
    @MethodSource("deadlinesPassed")
    void saysThatTheDeadlineHasPassed(Number deadline) {
        properties.setHeader("x-deadline", deadline);
        assertRefused("30", "DEADLINE_EXCEEDED");
    }

    static Stream<Object> deadlinesThatAreNone() {
        return Stream.of(
                "",
                "soon",
                String.valueOf(NOW + 1000),
                NOW + 0.5,
                new BigDecimal(NOW),
                Date.from(Instant.ofEpochMilli(NOW)),
                true,
                List.of(),
                new byte[8]);
    }

    @ParameterizedTest
    @MethodSource("deadlinesThatAreNone")
    void refusesADeadlineThatIsNoInteger(Object deadline) {
        properties.setHeader("x-deadline", deadline);
        assertRefused("30", "INVALID_ARGUMENT");
    }

    private int read(String body) {
        return reader.read(new Message(body.getBytes(UTF_8), properties));
    }

    private void assertRefused(String body, String status) {
        assertRefused(body.getBytes(UTF_8), status);
    }

    private void assertRefused(byte[] body, String status) {
        assertThatExceptionOfType(RpcException.class)
                .isThrownBy(() -> reader.read(new Message(body, properties)))
                .satisfies(ex -> assertThat(ex.status().name()).isEqualTo(status))
                .withMessageMatching("[A-Zn].*[a-z].*\\.");
    }
}
