package com.example.rabbitrpc.server;

import com.rabbitmq.client.Channel;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.AmqpAcknowledgment;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.rabbit.listener.adapter.MessagingMessageListenerAdapter;
import org.springframework.amqp.support.AmqpHeaderMapper;
import org.springframework.amqp.support.SimpleAmqpHeaderMapper;
import org.springframework.core.KotlinDetector;
import org.springframework.core.MethodParameter;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Headers;
import org.springframework.messaging.support.GenericMessage;
import org.springframework.util.ClassUtils;

/**
 * Stands before one listener method. What it gets goes to a {@link RequestHandler}, which calls back for the result: the
 * body is read as the method declares it, and headers are mapped only where it asks for some, as that costs much.
 */
final class RpcListenerAdapter extends MessagingMessageListenerAdapter {

    private static final MessageHeaders NO_HEADERS = new MessageHeaders(Map.of());

    private static final AmqpHeaderMapper HEADERS = new SimpleAmqpHeaderMapper();

    private final RequestReader reader;
    private final @Nullable Type body;
    private final boolean headers;
    private final boolean properties;

    private @Nullable RequestHandler handler;

    RpcListenerAdapter(Object bean, Method method, RequestReader reader) {
        super(bean, method);
        this.reader = reader;
        checkResult(method);
        Type found = null;
        boolean wantsHeaders = false;
        boolean wantsProperties = false;
        for (int i = 0; i < method.getParameterCount(); i++) {
            MethodParameter parameter = new MethodParameter(method, i);
            Class<?> type = parameter.getParameterType();
            Type generic = parameter.getGenericParameterType();
            if (type == Channel.class || type == AmqpAcknowledgment.class) {
                throw refused(method, "takes a " + type.getSimpleName() + ": acknowledging is not its own");
            } else if (type == Message.class || type == MessageProperties.class) {
                wantsProperties = true;
            } else if (parameter.hasParameterAnnotation(Header.class)
                    || parameter.hasParameterAnnotation(Headers.class)
                    || MessageHeaders.class.isAssignableFrom(type)) {
                wantsHeaders = true;
            } else if (type == org.springframework.messaging.Message.class) {
                wantsHeaders = true;
                found = one(method, found, content(generic));
            } else {
                found = one(method, found, generic);
            }
        }
        this.body = found;
        this.headers = wantsHeaders;
        this.properties = wantsHeaders || wantsProperties;
    }

    private static void checkResult(Method method) {
        Class<?> type = method.getReturnType();
        if (type == void.class || type == Void.class) {
            throw refused(method, "returns nothing: a caller waits for a reply");
        }
        if (Future.class.isAssignableFrom(type)
                || java.util.concurrent.CompletionStage.class.isAssignableFrom(type)
                || isPublisher(type)
                || KotlinDetector.isSuspendingFunction(method)) {
            throw refused(method, "returns before its result is there: return the result itself");
        }
    }

    private static boolean isPublisher(Class<?> type) {
        return ClassUtils.getAllInterfacesForClassAsSet(type).stream()
                .anyMatch(shape -> shape.getName().equals("org.reactivestreams.Publisher"));
    }

    private static Type one(Method method, @Nullable Type found, Type further) {
        if (found != null) {
            throw refused(method, "takes two bodies: annotate what comes from headers with @Header");
        }
        return further;
    }

    /** What is in a {@code Message<T>}; bytes where it does not say. */
    private static Type content(Type message) {
        Type content =
                message instanceof ParameterizedType generic ? generic.getActualTypeArguments()[0] : byte[].class;
        return content instanceof WildcardType ? byte[].class : content;
    }

    private static IllegalStateException refused(Method method, String why) {
        return new IllegalStateException(
                "The listener method " + method.getDeclaringClass().getSimpleName() + "." + method.getName()
                        + " cannot be used with rpcListenerContainerFactory, as it " + why + ".");
    }

    /** Whether it sees more of a request's properties than answering needs. */
    boolean wantsProperties() {
        return properties;
    }

    void setHandler(RequestHandler handler) {
        this.handler = handler;
    }

    @Override
    public void onMessage(Message message, @Nullable Channel channel) {
        Objects.requireNonNull(handler).onRequest(message, Objects.requireNonNull(channel));
    }

    /** Reads the body and calls the method. */
    @Nullable
    Object call(Message request) throws Exception {
        Object payload = body == null ? request.getBody() : reader.read(request, body);
        MessageHeaders mapped = headers ? HEADERS.toHeaders(request.getMessageProperties()) : NO_HEADERS;
        return getHandlerAdapter()
                .invoke(new GenericMessage<>(payload, mapped), request, request.getMessageProperties())
                .getReturnValue();
    }
}
