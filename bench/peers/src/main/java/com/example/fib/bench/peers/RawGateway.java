package com.example.fib.bench.peers;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ConnectionFactory;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The least a gateway can do: one event loop, one channel, a map from correlation id to the response that waits. */
public final class RawGateway {

    private static final String REPLY_TO = "amq.rabbitmq.reply-to";
    private static final String PATH = "/fib/";

    private final Map<String, HttpServerResponse> waiting = new ConcurrentHashMap<>();
    private final Channel channel;
    private long calls; // of the one event loop alone

    private RawGateway(Channel channel) {
        this.channel = channel;
    }

    public static void main(String[] args) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(System.getenv("RABBITMQ_URL"));
        RawGateway gateway = new RawGateway(factory.newConnection("raw-gateway").createChannel());
        Context loop = Vertx.vertx().getOrCreateContext();
        gateway.channel.basicConsume(
                REPLY_TO,
                true,
                (tag, reply) -> {
                    HttpServerResponse response =
                            gateway.waiting.remove(reply.getProperties().getCorrelationId());
                    if (response != null) {
                        loop.runOnContext(unused ->
                                response.putHeader("Content-Type", "text/plain").end(Buffer.buffer(reply.getBody())));
                    }
                },
                tag -> System.exit(1));
        loop.runOnContext(unused -> loop.owner()
                .createHttpServer()
                .requestHandler(gateway::call)
                .listen(Integer.parseInt(System.getenv("SERVER_PORT")), "127.0.0.1")
                .onFailure(failure -> System.exit(1)));
    }

    private void call(HttpServerRequest request) {
        if (!request.path().startsWith(PATH)) {
            request.response().setStatusCode(404).end();
            return;
        }
        String id = Long.toString(++calls);
        BasicProperties properties = new BasicProperties.Builder()
                .correlationId(id)
                .replyTo(REPLY_TO)
                .build();
        waiting.put(id, request.response());
        try {
            byte[] n = request.path().substring(PATH.length()).getBytes(StandardCharsets.US_ASCII);
            channel.basicPublish("", RawServer.QUEUE, properties, n);
        } catch (IOException | RuntimeException ex) {
            waiting.remove(id);
            request.response().setStatusCode(503).end();
        }
    }
}
