package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** docs/your-own-application.md, and the application that it builds: examples/your-own-application, as a process. */
class YourOwnApplicationTests {

    private static final Path PAGE = Documented.PROJECT.resolve("docs/your-own-application.md");
    private static final TestBroker broker = TestBroker.start();
    private static ServiceProcess shop;

    @BeforeAll
    static void start() {
        shop = ServiceProcess.start("shop", List.of("-jar", ServiceProcess.jar("shop")), broker.properties());
        shop.awaitHealthy();
    }

    @AfterAll
    static void end() {
        shop.close();
        broker.close();
    }

    @Test
    void answersAsThePageSays() {
        List<Documented> calls = Documented.commands(PAGE).stream()
                .filter(command -> command.command().startsWith("curl"))
                .toList();
        assertThat(calls).hasSize(2);
        calls.forEach(call -> call.run(Map.of("8080", Integer.toString(shop.port()))));
    }

    @Test
    void sellsOnceAndSaysWhatItCannotRead() throws Exception {
        HttpResponse<String> first = sell("tea", 3);
        assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
        int number = Integer.parseInt(first.body());
        assertThat(sell("tea", 3).body()).isEqualTo(Integer.toString(number + 1));
        try (Connection connection = broker.connect()) {
            Channel channel = connection.createChannel();
            BlockingQueue<Delivery> replies = new LinkedBlockingQueue<>();
            channel.basicConsume("amq.rabbitmq.reply-to", true, (tag, reply) -> replies.add(reply), tag -> {});
            for (String poison : List.of("{", "[]", "[".repeat(100_000), "{\"amount\":\"many\"}", "")) {
                channel.basicPublish(
                        "",
                        "shop.sales",
                        new BasicProperties.Builder()
                                .contentType("application/json")
                                .replyTo("amq.rabbitmq.reply-to")
                                .correlationId("1")
                                .build(),
                        poison.getBytes(UTF_8));
                Delivery reply = replies.poll(10, TimeUnit.SECONDS);
                assertThat(reply).as(poison).isNotNull();
                assertThat(String.valueOf(reply.getProperties().getHeaders().get("x-rpc-status")))
                        .isEqualTo("INVALID_ARGUMENT");
                assertThat(new String(reply.getBody(), UTF_8)).doesNotContain("com.example", "java.", "Exception");
            }
        }
        assertThat(sell("tea", 3).body()).isEqualTo(Integer.toString(number + 2));
    }

    @Test
    void endsACallOnAFrozenBrokerAndComesBack() {
        broker.freeze();
        try {
            long start = System.nanoTime();
            HttpResponse<String> response = shop.get("/quotes/tea/3");
            assertThat(response.statusCode()).as(response.body()).isIn(503, 504);
            assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isLessThan(4_000);
            // It has both sides: the broker is down for either.
            await().untilAsserted(() ->
                    assertThat(shop.get("/actuator/health").statusCode()).isEqualTo(503));
        } finally {
            broker.resume();
        }
        await().untilAsserted(
                        () -> assertThat(shop.get("/quotes/tea/3").statusCode()).isEqualTo(200));
    }

    private static HttpResponse<String> sell(String product, int amount) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(shop.uri("/sales/" + product + "/" + amount))
                .POST(HttpRequest.BodyPublishers.noBody())
                .build();
        return Http.CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    }
}
