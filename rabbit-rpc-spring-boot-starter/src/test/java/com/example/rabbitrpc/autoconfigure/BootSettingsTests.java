package com.example.rabbitrpc.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.TestBroker;
import com.example.rabbitrpc.NoServerException;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import com.example.rabbitrpc.client.BrokerState;
import com.example.rabbitrpc.client.RpcTemplate;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.amqp.core.MessageListenerContainer;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.listener.ListenerContainerIdleEvent;
import org.springframework.amqp.rabbit.listener.RabbitListenerEndpointRegistry;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * What Spring Boot's own settings mean to an application with the library, beside a listener and a template's sends that are Boot's
 * own: the rows of docs/settings.md.
 */
class BootSettingsTests {

    private static final TestBroker broker = TestBroker.shared();

    private final String queue = broker.newQueue();
    private final String plain = broker.newQueue();
    private final List<ConfigurableApplicationContext> applications = new ArrayList<>();

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        @Bean
        Queue requests(@Value("${test.queue}") String name) {
            return new Queue(name);
        }

        @Bean
        Listener listener() {
            return new Listener();
        }
    }

    /** With a listener that is none of the library's. */
    @Configuration(proxyBeanMethods = false)
    static class Both {

        @Bean
        Queue messages(@Value("${test.plain}") String name) {
            return new Queue(name);
        }

        @Bean
        PlainListener plainListener() {
            return new PlainListener();
        }
    }

    static class Listener {

        final AtomicInteger computed = new AtomicInteger();

        @RabbitListener(id = "rpc", queues = "${test.queue}", containerFactory = "rpcListenerContainerFactory")
        String echo(String text) {
            computed.incrementAndGet();
            if (text.equals("fail")) {
                throw new IllegalStateException("as asked for");
            }
            return text;
        }
    }

    static class PlainListener {

        final BlockingQueue<String> messages = new LinkedBlockingQueue<>();

        @RabbitListener(id = "plain", queues = "${test.plain}")
        void onMessage(String text) {
            messages.add(text);
        }
    }

    /** Whose queue nobody declares. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Undeclared {

        @Bean
        Listener listener() {
            return new Listener();
        }
    }

    @AfterEach
    void stop() {
        applications.forEach(ConfigurableApplicationContext::close);
    }

    /** Together what has nothing to do with each other. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "spring.main.lazy-initialization=true spring.main.allow-bean-definition-overriding=true "
                        + "spring.main.allow-circular-references=true spring.rabbitmq.dynamic=false",
                "spring.threads.virtual.enabled=true spring.main.keep-alive=true spring.main.cloud-platform=kubernetes "
                        + "spring.rabbitmq.requested-channel-max=0 spring.rabbitmq.requested-heartbeat=0",
                "spring.rabbitmq.requested-channel-max=5 spring.rabbitmq.requested-heartbeat=1s "
                        + "spring.rabbitmq.address-shuffle-mode=inorder",
                "spring.rabbitmq.connection-timeout=0 spring.rabbitmq.channel-rpc-timeout=0 "
                        + "spring.rabbitmq.max-inbound-message-body-size=2KB",
                "spring.rabbitmq.publisher-confirm-type=correlated spring.rabbitmq.publisher-returns=true "
                        + "spring.rabbitmq.cache.connection.mode=connection spring.rabbitmq.cache.connection.size=3",
                "spring.rabbitmq.publisher-confirm-type=simple spring.rabbitmq.template.mandatory=false "
                        + "spring.rabbitmq.cache.channel.size=1 spring.rabbitmq.cache.channel.checkout-timeout=1ms",
                "spring.rabbitmq.template.retry.enabled=true spring.rabbitmq.template.observation-enabled=true "
                        + "spring.rabbitmq.template.allowed-list-patterns=none "
                        + "spring.rabbitmq.template.receive-timeout=1s spring.rabbitmq.listener.type=direct",
                "spring.rabbitmq.listener.simple.prefetch=1 spring.rabbitmq.listener.simple.concurrency=2 "
                        + "spring.rabbitmq.listener.simple.max-concurrency=3 "
                        + "spring.rabbitmq.listener.simple.acknowledge-mode=none "
                        + "spring.rabbitmq.listener.simple.missing-queues-fatal=false "
                        + "spring.rabbitmq.listener.simple.retry.enabled=true "
                        + "spring.rabbitmq.listener.stream.native-listener=true "
                        + "spring.rabbitmq.stream.host=nowhere.invalid",
                "spring.rabbitmq.listener.direct.consumers-per-queue=3 spring.rabbitmq.listener.direct.prefetch=1 "
                        + "spring.rabbitmq.listener.direct.retry.enabled=true "
                        + "spring.rabbitmq.listener.direct.retry.initial-interval=1ms "
                        + "spring.rabbitmq.listener.direct.default-requeue-rejected=true "
                        + "spring.rabbitmq.listener.direct.force-stop=true "
                        + "spring.rabbitmq.listener.direct.de-batching-enabled=false "
                        + "spring.rabbitmq.listener.direct.observation-enabled=true",
                "management.tracing.sampling.probability=0 management.observations.annotations.enabled=true",
            })
    void callsAndListenersAreAsTheyAre(String settings) {
        ConfigurableApplicationContext application = start(settings.split(" ", -1));
        RabbitTemplate rabbit = application.getBean(RabbitTemplate.class);
        awaitConsuming(application);
        Listener listener = application.getBean(Listener.class); // now, as a bean that is lazy would be made by this

        assertThat(rabbit.convertSendAndReceive("", queue, "30")).isEqualTo("30");
        assertThatExceptionOfType(RpcException.class)
                .isThrownBy(() -> rabbit.convertSendAndReceive("", queue, "fail"))
                .satisfies(ex -> assertThat(ex.status()).isEqualTo(RpcStatus.INTERNAL));
        assertThat(listener.computed).as("each once").hasValue(2);
        assertThatExceptionOfType(NoServerException.class)
                .isThrownBy(() -> rabbit.convertSendAndReceive("", queue + "-not-there", "30"));
        assertThat(((RpcTemplate) rabbit).broker()).isEqualTo(BrokerState.UP);
        assertThat(health(application, "broker")).isEqualTo("UP");
        assertThat(container(application, "rpc").isRunning()).isTrue();
    }

    /** Boot's listeners and the library's are set by names of their own. */
    @Test
    void whatIsForSimpleListenersIsForThoseAlone() {
        ConfigurableApplicationContext application =
                start(List.of(Application.class, Both.class), "spring.rabbitmq.listener.simple.auto-startup=false");
        awaitConsuming(application);

        assertThat(container(application, "rpc").isRunning()).isTrue();
        assertThat(container(application, "plain").isRunning()).isFalse();
    }

    @Test
    void aListenerThatIsNotToStartDoesNot() {
        ConfigurableApplicationContext application = start("spring.rabbitmq.listener.direct.auto-startup=false");

        assertThat(container(application, "rpc").isRunning()).isFalse();
        assertThat(health(application, "listener")).isEqualTo("DOWN");
        container(application, "rpc").start();
        awaitConsuming(application);
        assertThat(application.getBean(RabbitTemplate.class).convertSendAndReceive("", queue, "30"))
                .isEqualTo("30");
    }

    @Test
    void anIdleListenerSaysSo() throws Exception {
        BlockingQueue<Object> events = new LinkedBlockingQueue<>();
        ConfigurableApplicationContext application = start("spring.rabbitmq.listener.direct.idle-event-interval=50ms");
        application.addApplicationListener((ApplicationListener<ListenerContainerIdleEvent>) events::add);

        assertThat(events.poll(10, TimeUnit.SECONDS)).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1s"})
    void aCallHasAnEnd(String timeout) {
        assertThatExceptionOfType(RuntimeException.class)
                .isThrownBy(() -> start("spring.rabbitmq.template.reply-timeout=" + timeout))
                .havingRootCause()
                .withMessageContaining("spring.rabbitmq.template.reply-timeout must be 1 ms or more");
    }

    @Test
    void aMissingQueueIsFatalWhereThatIsSet() {
        assertThatExceptionOfType(RuntimeException.class)
                .isThrownBy(() ->
                        start(List.of(Undeclared.class), "spring.rabbitmq.listener.direct.missing-queues-fatal=true"))
                .withRootCauseInstanceOf(IllegalStateException.class)
                .havingRootCause()
                .withMessage("At least one of the configured queues is missing");
    }

    /** With an exchange and a routing key of its own, a template sends and calls without being told where. */
    @Test
    void theTemplatesDefaultsAreThoseOfCallsToo() {
        ConfigurableApplicationContext application = start(
                "spring.rabbitmq.template.routing-key=" + queue,
                "spring.rabbitmq.template.default-receive-queue=" + plain);
        awaitConsuming(application);
        RabbitTemplate rabbit = application.getBean(RabbitTemplate.class);

        assertThat(rabbit.convertSendAndReceive("30")).isEqualTo("30");
        application.getBean(RabbitAdmin.class).declareQueue(new Queue(plain));
        rabbit.convertAndSend("", plain, "plain");
        assertThat(rabbit.receiveAndConvert(5_000)).isEqualTo("plain");
    }

    /** Of a call there is a span anyway, and it is sent again by rabbit.rpc.client.resend-share alone. */
    @Test
    void retriesAndObservationsOfTheTemplateAreThoseOfPlainSends() {
        List<String> observed = new CopyOnWriteArrayList<>();
        ConfigurableApplicationContext application = start(
                "spring.rabbitmq.template.retry.enabled=true", "spring.rabbitmq.template.observation-enabled=true");
        awaitConsuming(application);
        application.getBean(ObservationRegistry.class).observationConfig().observationHandler(new Names(observed));
        RabbitTemplate rabbit = application.getBean(RabbitTemplate.class);

        assertThat(rabbit.convertSendAndReceive("", queue, "30")).isEqualTo("30");
        assertThat(observed).isEmpty();
        rabbit.convertAndSend("", queue, "30");
        assertThat(observed).containsExactly("spring.rabbit.template");
    }

    /** Whatever confirms and returns are for plain sends, an answer of the broker's is nobody's else. */
    @Test
    void returnsArePlainSendsOwn() throws Exception {
        ConfigurableApplicationContext application =
                start("spring.rabbitmq.publisher-confirm-type=correlated", "spring.rabbitmq.publisher-returns=true");
        RabbitTemplate rabbit = application.getBean(RabbitTemplate.class);
        BlockingQueue<String> returned = new LinkedBlockingQueue<>();
        rabbit.setReturnsCallback(message -> returned.add(message.getRoutingKey()));

        assertThatExceptionOfType(NoServerException.class)
                .isThrownBy(() -> rabbit.convertSendAndReceive("", queue + "-call", "30"));
        rabbit.convertAndSend("", queue + "-send", "30");
        assertThat(returned.poll(10, TimeUnit.SECONDS)).isEqualTo(queue + "-send");
        assertThat(returned).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"broker", "rpc", "listener"})
    void anIndicatorOfHealthIsSwitchedOffAsBootsAre(String name) {
        ConfigurableApplicationContext application = start("management.health." + name + ".enabled=false");

        for (String indicator : List.of("broker", "rpc", "listener")) {
            assertThat(application.containsBean(indicator + "HealthIndicator"))
                    .as(indicator)
                    .isEqualTo(!indicator.equals(name));
        }
    }

    @Test
    void noIndicatorIsThereWhereNoneIsByDefault() {
        ConfigurableApplicationContext application =
                start("management.health.defaults.enabled=false", "management.health.listener.enabled=true");

        assertThat(application.containsBean("listenerHealthIndicator")).isTrue();
        assertThat(application.containsBean("brokerHealthIndicator")).isFalse();
        assertThat(application.containsBean("rpcHealthIndicator")).isFalse();
    }

    private static final class Names implements ObservationHandler<Observation.Context> {

        private final List<String> names;

        Names(List<String> names) {
            this.names = names;
        }

        @Override
        public void onStop(Observation.Context context) {
            names.add(String.valueOf(context.getName()));
        }

        @Override
        public boolean supportsContext(Observation.Context context) {
            return true;
        }
    }

    private void awaitConsuming(ConfigurableApplicationContext application) {
        await().atMost(10, TimeUnit.SECONDS)
                .until(() -> health(application, "listener").equals("UP"));
    }

    private static String health(ConfigurableApplicationContext application, String indicator) {
        return Objects.requireNonNull(application
                        .getBean(indicator + "HealthIndicator", HealthIndicator.class)
                        .health())
                .getStatus()
                .getCode();
    }

    private static MessageListenerContainer container(ConfigurableApplicationContext application, String id) {
        return Objects.requireNonNull(
                application.getBean(RabbitListenerEndpointRegistry.class).getListenerContainer(id));
    }

    private ConfigurableApplicationContext start(String... settings) {
        return start(List.of(Application.class), settings);
    }

    private ConfigurableApplicationContext start(List<Class<?>> classes, String... settings) {
        ConfigurableApplicationContext application = new SpringApplicationBuilder(classes.toArray(Class[]::new))
                .web(WebApplicationType.NONE)
                .run(Stream.of(
                                Stream.of(
                                        "management.otlp.metrics.export.enabled=false",
                                        "rabbit.rpc.client.deadline=10s",
                                        "test.queue=" + queue,
                                        "test.plain=" + plain),
                                broker.properties().entrySet().stream()
                                        .map(setting -> setting.getKey() + "=" + setting.getValue()),
                                Arrays.stream(settings))
                        .flatMap(all -> all)
                        .map(setting -> "--" + setting)
                        .toArray(String[]::new));
        applications.add(application);
        return application;
    }
}
