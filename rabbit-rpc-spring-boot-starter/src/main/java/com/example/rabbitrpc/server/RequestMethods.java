package com.example.rabbitrpc.server;

import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.core.convert.support.DefaultConversionService;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.MessagingException;
import org.springframework.messaging.converter.MessageConversionException;
import org.springframework.messaging.converter.MessageConverter;
import org.springframework.messaging.handler.annotation.support.HeaderMethodArgumentResolver;
import org.springframework.messaging.handler.annotation.support.HeadersMethodArgumentResolver;
import org.springframework.messaging.handler.annotation.support.MessageHandlerMethodFactory;
import org.springframework.messaging.handler.annotation.support.MessageMethodArgumentResolver;
import org.springframework.messaging.handler.annotation.support.MethodArgumentNotValidException;
import org.springframework.messaging.handler.annotation.support.PayloadMethodArgumentResolver;
import org.springframework.messaging.handler.invocation.HandlerMethodArgumentResolverComposite;
import org.springframework.messaging.handler.invocation.InvocableHandlerMethod;
import org.springframework.validation.BindingResult;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;
import org.springframework.validation.Validator;

/** Listener methods, whose arguments are the caller's fault where they cannot be had. What the method throws is not. */
final class RequestMethods implements MessageHandlerMethodFactory {

    private final HandlerMethodArgumentResolverComposite resolvers = new HandlerMethodArgumentResolverComposite();

    RequestMethods(@Nullable ConfigurableBeanFactory beans, @Nullable Validator validator) {
        MessageConverter none = new AlreadyRead();
        resolvers.addResolver(new HeaderMethodArgumentResolver(new DefaultConversionService(), beans));
        resolvers.addResolver(new HeadersMethodArgumentResolver());
        resolvers.addResolver(new MessageMethodArgumentResolver(none));
        resolvers.addResolver(
                validator == null
                        ? new PayloadMethodArgumentResolver(none)
                        : new PayloadMethodArgumentResolver(none, validator));
    }

    @Override
    public InvocableHandlerMethod createInvocableHandlerMethod(Object bean, Method method) {
        InvocableHandlerMethod listener = new RequestMethod(bean, method);
        listener.setMessageMethodArgumentResolvers(resolvers);
        return listener;
    }

    private static final class RequestMethod extends InvocableHandlerMethod {

        RequestMethod(Object bean, Method method) {
            super(bean, method);
        }

        @Override
        protected @Nullable Object[] getMethodArgumentValues(Message<?> message, @Nullable Object... provided) {
            try {
                return super.getMethodArgumentValues(message, provided);
            } catch (Exception ex) {
                throw new RpcException(RpcStatus.INVALID_ARGUMENT, sentence(ex), ex);
            }
        }

        private static String sentence(Exception ex) {
            if (ex instanceof MethodArgumentNotValidException invalid) {
                BindingResult result = invalid.getBindingResult();
                ObjectError error = result == null || result.getAllErrors().isEmpty()
                        ? null
                        : result.getAllErrors().get(0);
                if (error instanceof FieldError field) {
                    return "The field " + field.getField() + " is not valid: " + field.getDefaultMessage() + ".";
                }
                return error == null || error.getDefaultMessage() == null
                        ? "The body must not be empty."
                        : "The body is not valid: " + error.getDefaultMessage() + ".";
            }
            return ex instanceof MessagingException
                    ? "A header is missing, or is not what it should be."
                    : "A header is not what it should be.";
        }
    }

    /** The body has been read by then: whoever comes here has a type that it is not. */
    private static final class AlreadyRead implements MessageConverter {

        @Override
        public Object fromMessage(Message<?> message, Class<?> targetClass) {
            throw new MessageConversionException("The body is of another type");
        }

        @Override
        public Message<?> toMessage(Object payload, @Nullable MessageHeaders headers) {
            throw new MessageConversionException("Replies are written elsewhere");
        }
    }
}
