package com.example.rabbitrpc.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.rabbitrpc.autoconfigure.RpcServerAutoConfiguration;
import com.rabbitmq.client.Channel;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.amqp.rabbit.annotation.RabbitHandler;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.boot.amqp.autoconfigure.RabbitAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Listeners that cannot answer requests are refused when the application starts, with a sentence. */
class ListenerShapesTests {

    private static final String RPC = "rpcListenerContainerFactory";

    static Stream<Arguments> refused() {
        return Stream.of(
                Arguments.of(ReturnsNothing.class, "returns nothing"),
                Arguments.of(ReturnsAFuture.class, "returns before its result is there"),
                Arguments.of(TakesAChannel.class, "takes a Channel"),
                Arguments.of(TakesTwoBodies.class, "takes two bodies"),
                Arguments.of(IsAClass.class, "not for classes"),
                Arguments.of(TakesABatch.class, "no batch"),
                Arguments.of(ReturnsExceptions.class, "returnExceptions"),
                Arguments.of(HasAConverter.class, "messageConverter"),
                Arguments.of(HasManyWorkers.class, "from 1 to 1000"),
                Arguments.of(HasARangeOfWorkers.class, "from 1 to 1000"));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void areRefusedAtTheStart(Class<?> listener, String why) {
        new ApplicationContextRunner()
                .withConfiguration(
                        AutoConfigurations.of(RpcServerAutoConfiguration.class, RabbitAutoConfiguration.class))
                .withBean(listener)
                .run(context -> assertThat(context).getFailure().hasMessageContaining(why));
    }

    static class ReturnsNothing {
        @RabbitListener(queues = "q", containerFactory = RPC)
        void listen(String text) {}
    }

    static class ReturnsAFuture {
        @RabbitListener(queues = "q", containerFactory = RPC)
        CompletableFuture<String> listen(String text) {
            return CompletableFuture.completedFuture(text);
        }
    }

    static class TakesAChannel {
        @RabbitListener(queues = "q", containerFactory = RPC)
        String listen(String text, Channel channel) {
            return text;
        }
    }

    static class TakesTwoBodies {
        @RabbitListener(queues = "q", containerFactory = RPC)
        String listen(String text, int number) {
            return text;
        }
    }

    @RabbitListener(queues = "q", containerFactory = RPC)
    static class IsAClass {
        @RabbitHandler
        String listen(String text) {
            return text;
        }
    }

    static class TakesABatch {
        @RabbitListener(queues = "q", containerFactory = RPC, batch = "true")
        String listen(List<String> texts) {
            return "";
        }
    }

    static class ReturnsExceptions {
        @RabbitListener(queues = "q", containerFactory = RPC, returnExceptions = "true")
        String listen(String text) {
            return text;
        }
    }

    static class HasAConverter {
        @RabbitListener(
                queues = "q",
                containerFactory = RPC,
                messageConverter = "#{new org.springframework.amqp.support.converter.SimpleMessageConverter()}")
        String listen(String text) {
            return text;
        }
    }

    static class HasManyWorkers {
        @RabbitListener(queues = "q", containerFactory = RPC, concurrency = "1001")
        String listen(String text) {
            return text;
        }
    }

    static class HasARangeOfWorkers {
        @RabbitListener(queues = "q", containerFactory = RPC, concurrency = "4-8")
        String listen(String text) {
            return text;
        }
    }
}
