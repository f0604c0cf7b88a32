package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.example.rabbitrpc.RpcException;
import java.lang.reflect.Type;
import java.math.BigInteger;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.core.ResolvableType;
import tools.jackson.databind.json.JsonMapper;

class RequestReaderTests {

    private static final int MAX_BYTES = 10_000;

    private final RequestReader reader = new RequestReader(JsonMapper.shared(), MAX_BYTES);

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
        "2147483647, 2147483647",
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
                "2147483648",
                "4294967296",
                "4294967326",
                "9223372036854775807",
                "9223372036854775808",
                "18446744073709551616",
                "18446744073709551646",
                "99999999999999999999"
            })
    void saysOutOfRangeAboveTheLargestIntAndNeverOverflows(String body) {
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
                "text/plain; format=flowed",
                "application/octet-stream"
            })
    void takesPlainText(String contentType) {
        properties.setContentType(contentType);
        assertThat(read("30")).isEqualTo(30);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json",
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

    static Stream<Arguments> numbers() {
        return Stream.of(
                arguments("9223372036854775807", long.class, Long.MAX_VALUE),
                arguments("00000000000000000007", Long.class, 7L),
                arguments("2147483647", Integer.class, Integer.MAX_VALUE),
                arguments("9".repeat(1_000), BigInteger.class, new BigInteger("9".repeat(1_000))));
    }

    @ParameterizedTest
    @MethodSource("numbers")
    void readsNumbersAsTheyAreDeclared(String body, Class<?> type, Number number) {
        assertThat(read(body.getBytes(UTF_8), type)).isEqualTo(number);
    }

    @Test
    void boundsNumbersByTheirTypeAndLength() {
        assertRefused("9223372036854775808".getBytes(UTF_8), long.class, "OUT_OF_RANGE");
        assertRefused("99999999999999999999".getBytes(UTF_8), Long.class, "OUT_OF_RANGE");
        assertRefused("9".repeat(1_001).getBytes(UTF_8), BigInteger.class, "INVALID_ARGUMENT");
        assertRefused("-1".getBytes(UTF_8), BigInteger.class, "INVALID_ARGUMENT");
    }

    @Test
    void readsTextThatIsWhatItSays() {
        assertThat(read("\u00e9\u4e2d\ud83d\ude00".getBytes(UTF_8), String.class))
                .isEqualTo("\u00e9\u4e2d\ud83d\ude00");
        assertRefused(new byte[] {(byte) 0xc3, (byte) 0x28}, String.class, "INVALID_ARGUMENT");
        assertRefused(new byte[MAX_BYTES + 1], String.class, "INVALID_ARGUMENT");
        properties.setContentType("text/plain; charset=us-ascii");
        assertRefused("\u00e9".getBytes(UTF_8), String.class, "INVALID_ARGUMENT");
    }

    @Test
    void takesBytesAsTheyAre() {
        byte[] bytes = {(byte) 0xff, 0, 1};
        assertThat(read(bytes, byte[].class)).isEqualTo(bytes);
    }

    record Order(String sku, int quantity) {}

    @Test
    void readsJsonIntoWhatIsDeclared() {
        properties.setContentType("application/json; charset=utf-8");
        properties.setHeader("__TypeId__", "javax.naming.InitialContext");
        String body = "{\"sku\":\"a\",\"quantity\":2}";

        assertThat(read(body.getBytes(UTF_8), Order.class)).isEqualTo(new Order("a", 2));
        Type orders =
                ResolvableType.forClassWithGenerics(List.class, Order.class).getType();
        assertThat(read(("[" + body + "]").getBytes(UTF_8), orders)).isEqualTo(List.of(new Order("a", 2)));
    }

    static Stream<String> noOrders() {
        return Stream.of(
                "",
                "{",
                "null",
                "[]",
                "{\"sku\":\"a\",\"quantity\":\"many\"}",
                "{\"sku\":\"a\",\"quantity\":99999999999}",
                "{\"sku\":{\"\u0000\":1},\"quantity\":1}",
                "{\"sku\":\"a\",\"quantity\":1}}",
                "{\"sku\":\"a\"}",
                "\"\\ud800",
                "[".repeat(5_000));
    }

    @ParameterizedTest
    @MethodSource("noOrders")
    void refusesJsonOfAnotherShape(String body) {
        properties.setContentType("application/json");
        assertRefused(body.getBytes(UTF_8), Order.class, "INVALID_ARGUMENT");
    }

    @Test
    void refusesJsonThatCallsItselfNothingOrText() {
        assertRefused("{\"sku\":\"a\",\"quantity\":1}".getBytes(UTF_8), Order.class, "INVALID_ARGUMENT");
        properties.setContentType("text/plain");
        assertRefused("{\"sku\":\"a\",\"quantity\":1}".getBytes(UTF_8), Order.class, "INVALID_ARGUMENT");
    }

    private Object read(byte[] body, Type type) {
        return reader.read(new Message(body, properties), type);
    }

    private void assertRefused(byte[] body, Type type, String status) {
        assertThatExceptionOfType(RpcException.class)
                .isThrownBy(() -> read(body, type))
                .satisfies(ex -> assertThat(ex.status().name()).isEqualTo(status))
                .satisfies(ex -> assertThat(ex.detail())
                        .matches("[A-Z].*[a-z].*\\.")
                        .doesNotContain("Exception", "java", "com.example", "Order"));
    }

    private Object read(String body) {
        return read(body.getBytes(UTF_8), int.class);
    }

    private void assertRefused(String body, String status) {
        assertRefused(body.getBytes(UTF_8), status);
    }

    private void assertRefused(byte[] body, String status) {
        assertRefused(body, int.class, status);
    }
}
