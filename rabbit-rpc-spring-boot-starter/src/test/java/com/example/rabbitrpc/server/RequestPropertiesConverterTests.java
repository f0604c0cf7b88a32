package com.example.rabbitrpc.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.impl.LongStringHelper;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.amqp.core.MessageProperties;

class RequestPropertiesConverterTests {

    private final BasicProperties.Builder source = new BasicProperties.Builder();

    @Test
    void takesOverWhatTheContractNames() {
        MessageProperties target = convert(source.contentType("text/plain")
                .contentEncoding("utf-8")
                .replyTo("amq.gen-a")
                .correlationId(" ")
                .headers(Map.of(
                        "x-deadline", 5L, "traceparent", LongStringHelper.asLongString("00-a-b-01"), "other", "x")));

        assertThat(target.getContentType()).isEqualTo("text/plain");
        assertThat(target.getContentEncoding()).isEqualTo("utf-8");
        assertThat(target.getReplyTo()).isEqualTo("amq.gen-a");
        assertThat(target.getCorrelationId()).isEqualTo(" ");
        assertThat(target.getDeliveryTag()).isEqualTo(7);
        assertThat(target.isRedelivered()).isTrue();
        assertThat(target.getHeaders()).isEqualTo(Map.of("x-deadline", 5L, "traceparent", "00-a-b-01"));
    }

    @Test
    void tellsNoContentTypeFromOctetStream() {
        assertThat(convert(source).getContentType()).isEmpty();
        assertThat(convert(source.contentType("application/octet-stream")).getContentType())
                .isEqualTo("application/octet-stream");
    }

    @Test
    void takesOverEverythingWhereTheListenerAsksForIt() {
        MessageProperties target = convert(
                source.messageId("m")
                        .type("t")
                        .appId("a")
                        .priority(7)
                        .headers(Map.of(
                                "text", LongStringHelper.asLongString("x"),
                                "list", List.of(LongStringHelper.asLongString("y"), 1),
                                "table", Map.of("z", LongStringHelper.asLongString("z")))),
                true);

        assertThat(target.getMessageId()).isEqualTo("m");
        assertThat(target.getType()).isEqualTo("t");
        assertThat(target.getAppId()).isEqualTo("a");
        assertThat(target.getPriority()).isEqualTo(7);
        assertThat(target.getHeaders())
                .isEqualTo(Map.of("text", "x", "list", List.of("y", 1), "table", Map.of("z", "z")));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 255, -1})
    void doesNotChokeOnAnyDeliveryMode(int mode) {
        assertThat(convert(source.deliveryMode(mode)).getDeliveryTag()).isEqualTo(7);
        assertThat(convert(source.deliveryMode(mode), true).getDeliveryTag()).isEqualTo(7);
    }

    @Test
    void doesNotChokeOnOddDeathRecords() {
        Map<String, Object> odd = Map.of("x-death", List.of(Map.of("count", List.of())), "x-delay", "soon");

        assertThat(convert(source.headers(odd)).getHeaders()).isEmpty();
        assertThat(convert(source.headers(odd), true).getHeaders()).isEqualTo(odd);
    }

    private static MessageProperties convert(BasicProperties.Builder source) {
        return convert(source, false);
    }

    private static MessageProperties convert(BasicProperties.Builder source, boolean all) {
        Envelope envelope = new Envelope(7, true, "", "rpc_queue");
        return new RequestPropertiesConverter(all).toMessageProperties(source.build(), envelope, "UTF-8");
    }
}
