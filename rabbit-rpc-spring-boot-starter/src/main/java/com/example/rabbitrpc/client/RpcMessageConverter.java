package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageDeliveryMode;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.support.converter.MessageConverter;

/** n to a request, and a reply to a {@link FibonacciReply} or an {@link RpcException}: it sees headers and body both. */
final class ReplyConverter implements MessageConverter {

    private static final Pattern PRINTABLE = Pattern.compile("[\\x21-\\x7e]{1,128}");
    private static final int LONGEST_DETAIL = 500;

    @Override
    public Message toMessage(Object n, MessageProperties properties) {
        properties.setContentType(MessageProperties.CONTENT_TYPE_TEXT_PLAIN);
        properties.setDeliveryMode(MessageDeliveryMode.NON_PERSISTENT);
        return new Message(n.toString().getBytes(US_ASCII), properties);
    }

    @Override
    public FibonacciReply fromMessage(Message reply) {
        // A classic server sends no status: absent means OK.
        Object status = reply.getMessageProperties().getHeader(RpcContract.STATUS_HEADER);
        return switch (status == null ? "OK" : status.toString()) {
            case "OK" -> result(reply);
            case "INVALID_ARGUMENT", "OUT_OF_RANGE" -> throw failure(Problem.INVALID_N, reply);
            case "DEADLINE_EXCEEDED" -> throw failure(Problem.DEADLINE_EXCEEDED, reply);
            case "RESOURCE_EXHAUSTED" -> throw failure(Problem.OVERLOADED, reply);
            case "INTERNAL" -> throw failure(Problem.SERVER_ERROR, reply);
            default -> throw new RpcException(Problem.SERVER_ERROR, "The reply's status is not one that is known.");
        };
    }

    private static FibonacciReply result(Message reply) {
        if (!isDigits(reply.getBody())) {
            throw new RpcException(Problem.SERVER_ERROR, "The reply is not a number.");
        }
        MessageProperties properties = reply.getMessageProperties();
        Object server = properties.getHeader(RpcContract.SERVER_HEADER);
        Object micros = properties.getHeader(RpcContract.COMPUTE_HEADER);
        return new FibonacciReply(
                reply.getBody(),
                printable(server),
                micros instanceof Number number ? number.longValue() : null,
                printable(properties.getCorrelationId()));
    }

    private static boolean isDigits(byte[] body) {
        for (byte b : body) {
            if (b < '0' || b > '9') {
                return false;
            }
        }
        return body.length > 0;
    }

    /** It goes into an HTTP header: nothing but printable ASCII may. */
    private static @Nullable String printable(@Nullable Object value) {
        return value != null && PRINTABLE.matcher(value.toString()).matches() ? value.toString() : null;
    }

    private static RpcException failure(Problem problem, Message reply) {
        byte[] body = reply.getBody();
        String sentence = LogText.line(new String(body, 0, Math.min(body.length, LONGEST_DETAIL), UTF_8));
        return new RpcException(problem, sentence.isEmpty() ? problem.title() : sentence);
    }
}
