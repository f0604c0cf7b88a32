package com.example.fib.bench.peers;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ConnectionFactory;
import java.nio.charset.StandardCharsets;

/** The least a server can do that loses no request when it dies: one channel, acknowledging in tens. */
public final class RawServer {

    static final String QUEUE = "bench_raw";
    private static final int PREFETCH = 250;
    private static final int ACK_EVERY = 10;

    private RawServer() {}

    public static void main(String[] args) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(System.getenv("RABBITMQ_URL"));
        Channel channel = factory.newConnection("raw-server").createChannel();
        channel.queueDeclare(QUEUE, true, false, false, null);
        channel.basicQos(PREFETCH);
        channel.basicConsume(
                QUEUE,
                false,
                (consumer, request) -> {
                    BasicProperties properties = new BasicProperties.Builder()
                            .correlationId(request.getProperties().getCorrelationId())
                            .build();
                    int n = Integer.parseInt(new String(request.getBody(), StandardCharsets.US_ASCII));
                    byte[] digits = Fibonacci.of(n).toString().getBytes(StandardCharsets.US_ASCII);
                    channel.basicPublish("", request.getProperties().getReplyTo(), properties, digits);
                    long tag = request.getEnvelope().getDeliveryTag();
                    if (tag % ACK_EVERY == 0) { // tags count up by one
                        channel.basicAck(tag, true);
                    }
                },
                consumer -> System.exit(1));
    }
}
