package com.example.rabbitrpc.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.TestBroker;
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.amqp.AmqpIOException;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageListener;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.listener.DirectMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.adapter.MessageListenerAdapter;
import org.springframework.amqp.rabbit.listener.adapter.ReplyingMessageListener;
import org.springframework.amqp.rabbit.support.DefaultMessagePropertiesConverter;
import org.springframework.amqp.support.converter.MessageConversionException;
import org.springframework.amqp.support.converter.SimpleMessageConverter;
import org.springframework.boot.amqp.health.RabbitHealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.support.GenericApplicationContext;

/**
 * What Spring AMQP and the client do where nothing of ours mends them: a fault a test, each with the class that mends it.
 * One that fails after an upgrade is good news: the fault is gone, and its mend can go, too.
 */
@Tag("faults")
@ExtendWith(OutputCaptureExtension.class)
class UnmendedSpringTests {

    private static TestBroker broker;

    private final String queue = "rpc-test-" + UUID.randomUUID();
    private final AtomicInteger computed = new AtomicInteger();
    private final ReplyingMessageListener<String, String> echo = body -> {
        computed.incrementAndGet();
        return body;
    };
    private Connection connection;
    private Channel channel;
    private CachingConnectionFactory connectionFactory;
    private DirectMessageListenerContainer container;

    @BeforeAll
    static void startBroker() {
        broker = TestBroker.start();
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @BeforeEach
    void connect() throws Exception {
        connection = broker.connect();
        channel = connection.createChannel();
        channel.queueDeclare(queue, true, false, false, Map.of());
        connectionFactory = new CachingConnectionFactory(broker.connectionFactory());
        container = new DirectMessageListenerContainer(connectionFactory);
        container.setQueueNames(queue);
        container.setShutdownTimeout(500);
    }

    @AfterEach
    void disconnect() {
        container.stop();
        connectionFactory.destroy();
        connection.abort(1_000);
    }

    private void consume(MessageListener listener) {
        container.setMessageListener(listener);
        container.start();
        await().until(() -> channel.consumerCount(queue) == 1);
    }

    /** {@link RpcListenerContainer} puts fetched messages back in silence. */
    @Test
    void logsAStackTraceForEachFetchedMessageWhenItStops(CapturedOutput output) throws Exception {
        CountDownLatch computing = new CountDownLatch(1);
        consume(message -> {
            computing.countDown();
            sleep(500);
        });
        for (int i = 0; i < 10; i++) {
            send(new BasicProperties(), "30");
        }
        computing.await();
        await().until(() -> channel.messageCount(queue) == 0);
        CountDownLatch stopped = new CountDownLatch(1);
        container.stop(stopped::countDown); // as Spring's lifecycle does
        stopped.await();
        assertThat(output.toString().lines().filter(line -> line.contains("\tat ")))
                .hasSizeGreaterThan(9);
    }

    /** {@link RpcListenerContainer} stops at once when idle. */
    @Test
    void waitsForItsWholeTimeoutWhenItIsForcedToStopWhileIdle() {
        container.setForceStop(true);
        container.setShutdownTimeout(2_000);
        consume(message -> {});
        long start = System.nanoTime();
        container.stop();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(1_900));
    }

    /** {@link RpcListenerContainer} has {@link RequestQueues} declare the queue again, and says whether it consumes. */
    @Test
    void saysThatItRunsWithoutItsQueue() throws Exception {
        consume(message -> {});
        channel.queueDelete(queue);
        await().during(Duration.ofSeconds(1)).until(container::isRunning);
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> channel.queueDeclarePassive(queue));
    }

    /** {@link RpcListenerContainerFactory} sets the interval. */
    @Test
    void staysAwayForFiveSecondsAfterALostConnection() throws Exception {
        consume(message -> {});
        broker.ctl("close_all_connections", "test");
        try (Connection other = broker.connect()) {
            Channel watching = other.createChannel();
            await().during(Duration.ofSeconds(2)).until(() -> watching.consumerCount(queue) == 0);
        }
    }

    /** {@link RequestPropertiesConverter} does not look at it. */
    @Test
    void throwsOverADeliveryMode() {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> convert(new BasicProperties.Builder().deliveryMode(3)));
    }

    /** {@link RequestPropertiesConverter} keeps both as they are. */
    @Test
    void dropsABlankCorrelationIdAndMakesUpAContentType() {
        MessageProperties converted = convert(new BasicProperties.Builder().correlationId(" "));
        assertThat(converted.getCorrelationId()).isNull();
        assertThat(converted.getContentType()).isEqualTo("application/octet-stream");
    }

    /** {@link RequestReader} alone reads the body. */
    @Test
    void throwsOverACharset() {
        MessageProperties properties = new MessageProperties();
        properties.setContentType("text/plain");
        properties.setContentEncoding("does-not-exist");
        assertThatExceptionOfType(MessageConversionException.class)
                .isThrownBy(() -> new SimpleMessageConverter().fromMessage(new Message(new byte[1], properties)));
    }

    /** {@link ReplyAddresses} refuses it before computing, and {@link ReplyPublisher} takes it for a queue. */
    @Test
    void computesAgainAndAgainForAReplyToThatNamesAnExchange() throws Exception {
        container.setRecoveryInterval(100);
        container.setFailedDeclarationRetryInterval(100);
        container.setMonitorInterval(100);
        consume(new MessageListenerAdapter(echo));
        send(request().replyTo("nosuchexchange/key").build(), "30");
        await().until(() -> computed.get() > 3);
    }

    /** {@link ReplyAddresses} refuses it. */
    @Test
    void answersIntoItsOwnQueueForEver() throws Exception {
        consume(new MessageListenerAdapter(echo));
        send(request().replyTo(queue).build(), "30");
        await().until(() -> computed.get() > 3);
    }

    /** {@link RequestQueues} uses a queue as it is. */
    @Test
    void cannotConnectWhereTheQueueHasOtherArguments() {
        try (GenericApplicationContext context = new GenericApplicationContext()) {
            context.registerBean(Queue.class, () -> new Queue(queue, true, false, true));
            context.refresh();
            RabbitAdmin admin = new RabbitAdmin(connectionFactory);
            admin.setApplicationContext(context);
            admin.setRetryTemplate(null); // five tries take 17 s
            admin.afterPropertiesSet();
            for (int i = 0; i < 3; i++) {
                assertThatExceptionOfType(AmqpIOException.class).isThrownBy(connectionFactory::createConnection);
                connectionFactory.resetConnection();
            }
        }
    }

    /** {@link RequestHandler} answers and acknowledges on the channel itself. */
    @Test
    void acknowledgesOnAnotherChannelThanTheDeliverysWhenThatIsLost() throws Exception {
        Channel proxy = connectionFactory.createConnection().createChannel(false);
        send(new BasicProperties(), "30");
        await().until(() -> channel.messageCount(queue) == 1);
        long tag = proxy.basicGet(queue, false).getEnvelope().getDeliveryTag();
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> proxy.queueDeclarePassive("no-such-queue"));
        assertThat(proxy.basicGet(queue, false).getEnvelope().isRedeliver()).isTrue();
        proxy.basicAck(tag, false);
        assertThat(proxy.isOpen()).isTrue();
    }

    /** RequestBrokerHealthIndicator asks the broker. */
    @Test
    void callsAFrozenBrokerHealthy() throws Exception {
        RabbitHealthIndicator health = new RabbitHealthIndicator(new RabbitTemplate(connectionFactory));
        health.health();
        broker.freeze();
        try {
            assertThat(CompletableFuture.supplyAsync(health::health)
                            .get(1, TimeUnit.SECONDS)
                            .getStatus())
                    .isEqualTo(Status.UP);
        } finally {
            broker.resume();
        }
    }

    /** {@link FrameGuard} takes such headers off. This fault and those below are the client's, not Spring's. */
    @Test
    void losesItsConnectionOverNestedHeaders() throws Exception {
        Object nested = Map.of();
        for (int i = 0; i < 40; i++) {
            nested = new HashMap<>(Map.of("t", nested));
        }
        assertCostsConnections(
                new BasicProperties.Builder().headers(Map.of("nested", nested)).build(), "30");
    }

    /** {@link FrameGuard} keeps the beginning only. */
    @Test
    void losesItsConnectionOverALongBody() throws Exception {
        connectionFactory.getRabbitConnectionFactory().setMaxInboundMessageBodySize(1_000_000);
        assertCostsConnections(new BasicProperties(), "7".repeat(1_000_001));
    }

    private void assertCostsConnections(BasicProperties properties, String body) throws Exception {
        AtomicInteger connections = new AtomicInteger();
        connectionFactory.addConnectionListener(created -> connections.incrementAndGet());
        container.setRecoveryInterval(100);
        container.setFailedDeclarationRetryInterval(100);
        container.setMonitorInterval(100);
        consume(message -> {});
        send(properties, body);
        await().until(() -> connections.get() > 3);
    }

    /** {@link GuardedConnectionFactory} gives the client a thread to close on. */
    @Test
    void missedHeartbeatsDoNotEndAWriteToAPeerThatReadsNoMore() throws Exception {
        Channel plain = heartbeating(broker.connectionFactory());
        ConnectionFactory configured = broker.connectionFactory();
        configured.setRequestedHeartbeat(1);
        Channel bounded = heartbeating(new GuardedConnectionFactory(configured, null, 1 << 20));
        broker.freeze();
        try {
            CompletableFuture<Void> hanging = CompletableFuture.runAsync(() -> publish(plain, 20_000_000));
            CompletableFuture<Void> ending = CompletableFuture.runAsync(() -> publish(bounded, 20_000_000));
            assertThat(ending).failsWithin(Duration.ofSeconds(15));
            assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> hanging.get(2, TimeUnit.SECONDS));
        } finally {
            broker.resume();
        }
    }

    private static Channel heartbeating(ConnectionFactory client) throws Exception {
        client.setRequestedHeartbeat(1);
        return client.newConnection().createChannel();
    }

    private void publish(Channel target, int bytes) {
        try {
            target.basicPublish("", queue, null, new byte[bytes]);
        } catch (IOException ex) {
            throw new IllegalStateException(ex);
        }
    }

    private void send(BasicProperties properties, String body) throws IOException {
        channel.basicPublish("", queue, properties, body.getBytes(UTF_8));
    }

    private static BasicProperties.Builder request() {
        return new BasicProperties.Builder().contentType("text/plain");
    }

    private static MessageProperties convert(BasicProperties.Builder source) {
        return new DefaultMessagePropertiesConverter().toMessageProperties(source.build(), null, "UTF-8");
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }
}
