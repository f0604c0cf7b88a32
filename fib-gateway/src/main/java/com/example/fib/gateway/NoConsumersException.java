package com.example.fib.gateway;

import org.springframework.amqp.AmqpException;

/** Nobody has consumed from the request queue for some time: what is waiting there will not be answered. */
final class NoConsumersException extends AmqpException {

    private static final long serialVersionUID = 1L;

    NoConsumersException() {
        super("Nobody consumes from the request queue");
    }
}
