package com.example.shop;

import com.example.rabbitrpc.RpcDeadline;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import java.time.Duration;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/** The caller. It could be in another application: they share the names of queues and the JSON, and no class. */
@RestController
class ShopController {

    private final RabbitTemplate rabbit;

    ShopController(RabbitTemplate rabbit) {
        this.rabbit = rabbit;
    }

    @GetMapping("/quotes/{product}/{amount}")
    Quote quote(@PathVariable String product, @PathVariable int amount) {
        Quote quote = rabbit.convertSendAndReceiveAsType(
                "shop.quotes", new Order(product, amount), new ParameterizedTypeReference<Quote>() {});
        return answered(quote);
    }

    @PostMapping("/sales/{product}/{amount}")
    int sell(@PathVariable String product, @PathVariable int amount) {
        Integer number = rabbit.convertSendAndReceiveAsType(
                "shop.sales",
                new Order(product, amount),
                RpcDeadline.in(Duration.ofSeconds(1)),
                new ParameterizedTypeReference<Integer>() {});
        return answered(number);
    }

    /** No reply before the deadline is null, as it always is with a RabbitTemplate. */
    private static <T> T answered(T reply) {
        if (reply == null) {
            throw new RpcException(RpcStatus.DEADLINE_EXCEEDED, "The shop has not answered in time.");
        }
        return reply;
    }
}
