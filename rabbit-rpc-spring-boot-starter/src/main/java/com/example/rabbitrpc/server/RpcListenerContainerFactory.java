package com.example.rabbitrpc.server;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.core.AcknowledgeMode;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.config.DirectRabbitListenerContainerFactory;
import org.springframework.amqp.rabbit.listener.DirectMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.MethodRabbitListenerEndpoint;
import org.springframework.amqp.rabbit.listener.MultiMethodRabbitListenerEndpoint;
import org.springframework.amqp.rabbit.listener.RabbitListenerEndpoint;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.Assert;
import org.springframework.validation.Validator;
import tools.jackson.databind.json.JsonMapper;

/**
 * Makes containers for {@code @RabbitListener} methods that answer requests. Each has its own workers: as many as {@code
 * concurrency} says, else as {@code rabbit.rpc.server.workers}.
 */
public final class RpcListenerContainerFactory extends DirectRabbitListenerContainerFactory {

    /** How often lost consumers are noticed and waiting acknowledgements sent, in ms. */
    private static final long MONITOR_INTERVAL = 20;

    /** A fetched request is out of reach of other servers, and one that is not fetched makes a worker wait for the network. */
    private static final int PREFETCH_FOR_EACH_WORKER = 4;

    private static final int MAX_WORKERS = 1_000;

    /** Spring's own exit status. */
    private static final int CANNOT_TAKE_A_REQUEST = 99;

    private static final Logger log = LoggerFactory.getLogger(RpcListenerContainerFactory.class);

    private final RpcServer server;
    private final RequestReader reader;
    private final ReplyWriter writer;
    private final @Nullable Validator validator;

    private @Nullable ApplicationEventPublisher events;

    /** @param validator for arguments with {@code @Valid}; null where the application has none */
    public RpcListenerContainerFactory(RpcServer server, JsonMapper json, @Nullable Validator validator) {
        this.server = server;
        this.reader = new RequestReader(json, server.options().maxRequestBytes());
        this.writer = new ReplyWriter(json);
        this.validator = validator;
        setMonitorInterval(MONITOR_INTERVAL);
        // Spring waits for 5 s. Each process its own interval, so that a fleet does not reconnect in step.
        long retryInterval = ThreadLocalRandom.current().nextLong(300, 700);
        setFailedDeclarationRetryInterval(retryInterval);
        setRecoveryInterval(retryInterval);
    }

    @Override
    public void setApplicationEventPublisher(ApplicationEventPublisher publisher) {
        super.setApplicationEventPublisher(publisher);
        events = publisher;
    }

    @Override
    public RpcListenerContainer createListenerContainer(@Nullable RabbitListenerEndpoint endpoint) {
        MethodRabbitListenerEndpoint listener = checked(endpoint);
        listener.setMessageHandlerMethodFactory(new RequestMethods(beans(), validator));
        listener.setAdapterProvider((batch, bean, method, returnExceptions, errorHandler, strategy) -> {
            Assert.state(!batch, () -> name(listener) + " gets requests one by one, and no batch.");
            Assert.state(
                    !returnExceptions && errorHandler == null,
                    () -> name(listener) + " answers failures itself: throw RpcException instead of setting"
                            + " returnExceptions or errorHandler.");
            Assert.state(bean != null && method != null, () -> name(listener) + " has no method.");
            return new RpcListenerAdapter(bean, method, reader);
        });
        return (RpcListenerContainer) super.createListenerContainer(listener);
    }

    private static MethodRabbitListenerEndpoint checked(@Nullable RabbitListenerEndpoint endpoint) {
        Assert.state(
                endpoint instanceof MethodRabbitListenerEndpoint
                        && !(endpoint instanceof MultiMethodRabbitListenerEndpoint),
                "rpcListenerContainerFactory is for methods with @RabbitListener, and not for classes with it.");
        MethodRabbitListenerEndpoint listener = (MethodRabbitListenerEndpoint) endpoint;
        Assert.state(
                listener.getMessageConverter() == null
                        && listener.getReplyPostProcessor() == null
                        && listener.getReplyContentType() == null,
                () -> name(listener) + " has requests read and replies written as they should be: messageConverter,"
                        + " replyPostProcessor and replyContentType are not for it.");
        return listener;
    }

    private static String name(MethodRabbitListenerEndpoint listener) {
        return "The listener " + listener.getMethod() + " with rpcListenerContainerFactory";
    }

    @Override
    protected DirectMessageListenerContainer createContainerInstance() {
        return new RpcListenerContainer();
    }

    @Override
    protected void initializeContainer(
            DirectMessageListenerContainer instance, @Nullable RabbitListenerEndpoint endpoint) {
        String concurrency = endpoint == null ? null : endpoint.getConcurrency();
        int workers = concurrency == null ? server.options().workers() : number(concurrency);
        if (endpoint instanceof MethodRabbitListenerEndpoint listener) {
            listener.setConcurrency(null);
        }
        super.initializeContainer(instance, endpoint);
        RpcListenerContainer container = (RpcListenerContainer) instance;
        RpcListenerAdapter adapter = (RpcListenerAdapter) container.getMessageListener();
        Assert.state(adapter != null, "no listener");
        Integer configured = server.options().prefetch();
        int prefetch = configured == null ? workers * PREFETCH_FOR_EACH_WORKER : configured;
        container.setPrefetchCount(prefetch);
        container.setAcknowledgeMode(AcknowledgeMode.MANUAL); // Acknowledgements sends them, after the reply.
        container.setDeBatchingEnabled(false);
        container.setForceStop(false);
        container.setMessagePropertiesConverter(new RequestPropertiesConverter(adapter.wantsProperties()));
        container.setMicrometerEnabled(false); // ServerMetrics and RequestTracing say more.
        container.setObservationEnabled(false);
        container.setShutdownTimeout(2_000); // Nothing is computed any more then.
        container.setJavaLangErrorHandler(RpcListenerContainerFactory::end);
        // A refused login is tried again like a broker that is away; otherwise the check connects while starting.
        container.setPossibleAuthenticationFailureFatal(false);
        container.setApplicationEventPublisher(new ConnectionLog(container, events));
        List<String> names = List.of(container.getQueueNames());
        Workers pool = new Workers(workers, String.join(",", names), server.metrics());
        Acknowledgements acknowledgements = new Acknowledgements(prefetch);
        RequestQueues queues =
                new RequestQueues(names, declared(names), server.options().timeout(), server.connection());
        server.connectionFactory().addConnectionListener(queues);
        names.forEach(server.metrics()::serves);
        container.serve(
                pool,
                acknowledgements,
                queues,
                new StallWatch(acknowledgements, queues, server.connection(), () -> server.waiting(queues::waiting)),
                server.replyRight());
        adapter.setHandler(new RequestHandler(
                pool,
                new ReplyAddresses(Set.copyOf(names), server.options().replyToPattern()),
                adapter::call,
                writer,
                acknowledgements,
                server));
    }

    /** What Spring does over an error of a post-processor's, say; its own line of it is off, with its logger. */
    private static void end(Error error) {
        if (!(error instanceof StackOverflowError)) {
            log.error("This server cannot take a request and ends; the broker delivers it to another one", error);
            System.exit(CANNOT_TAKE_A_REQUEST);
        }
    }

    private static int number(String concurrency) {
        try {
            int workers = Integer.parseInt(concurrency.strip());
            if (workers > 0 && workers <= MAX_WORKERS) {
                return workers;
            }
        } catch (NumberFormatException ex) {
            // Refused like any other that is none.
        }
        throw new IllegalStateException("concurrency is a number of workers from 1 to " + MAX_WORKERS
                + " with rpcListenerContainerFactory, and not '" + concurrency + "'.");
    }

    /** The queues that the application has beans of. */
    private List<Queue> declared(List<String> names) {
        return getApplicationContext().getBeansOfType(Queue.class, false, false).values().stream()
                .filter(queue -> queue.shouldDeclare() && names.contains(queue.getName()))
                .toList();
    }

    private @Nullable ConfigurableBeanFactory beans() {
        return getApplicationContext() instanceof ConfigurableApplicationContext context
                ? context.getBeanFactory()
                : null;
    }
}
