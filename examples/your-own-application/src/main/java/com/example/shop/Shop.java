package com.example.shop;

import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import jakarta.validation.Valid;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.amqp.rabbit.annotation.Queue;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.support.AmqpHeaders;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.stereotype.Component;

/** What is called. Each method answers the requests on a queue of its own. */
@Component
class Shop {

    private static final String RPC = "rpcListenerContainerFactory";

    private final List<Order> sold = new CopyOnWriteArrayList<>();

    @RabbitListener(queuesToDeclare = @Queue("shop.quotes"), containerFactory = RPC)
    Quote quote(@Valid Order order) {
        return new Quote(order.product(), order.amount(), 250L * order.amount());
    }

    /** Selling twice would do harm. A request that the broker delivers again may have been done by a server that died. */
    @RabbitListener(queuesToDeclare = @Queue("shop.sales"), containerFactory = RPC)
    int sell(@Valid Order order, @Header(AmqpHeaders.REDELIVERED) boolean again) {
        if (again) {
            throw new RpcException(RpcStatus.UNAVAILABLE, "This order may have been taken already. Look it up.");
        }
        sold.add(order);
        return sold.size();
    }
}
