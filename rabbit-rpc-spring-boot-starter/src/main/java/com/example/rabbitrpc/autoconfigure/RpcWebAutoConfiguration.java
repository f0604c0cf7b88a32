package com.example.rabbitrpc.autoconfigure;

import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.web.RpcExceptionHandler;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.servlet.DispatcherServlet;

/** With Spring MVC, a failed call of any controller becomes a problem response (RFC 9457). */
@AutoConfiguration
@ConditionalOnClass(DispatcherServlet.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
public final class RpcWebAutoConfiguration {

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(Tracer.class)
    static class Traced {

        @Bean
        @ConditionalOnMissingBean
        RpcExceptionHandler rpcExceptionHandler(ApplicationContext context, ObjectProvider<Tracer> tracers) {
            return handler(context, () -> {
                Tracer tracer = tracers.getIfAvailable();
                Span span = tracer == null ? null : tracer.currentSpan();
                return span == null ? null : span.context().traceId();
            });
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnMissingClass("io.micrometer.tracing.Tracer")
    static class Untraced {

        @Bean
        @ConditionalOnMissingBean
        RpcExceptionHandler rpcExceptionHandler(ApplicationContext context) {
            return handler(context, () -> null);
        }
    }

    private static RpcExceptionHandler handler(ApplicationContext context, Supplier<@Nullable String> traceId) {
        // By their types: to ask the beans for their order would ask this one, too.
        return new RpcExceptionHandler(traceId, () -> Arrays.stream(
                        context.getBeanNamesForAnnotation(ControllerAdvice.class))
                .map(name -> context.getType(name, false))
                .anyMatch(type -> type != null && type != RpcExceptionHandler.class && handlesFailedCalls(type)));
    }

    private static boolean handlesFailedCalls(Class<?> advice) {
        return !MethodIntrospector.selectMethods(
                        advice,
                        (Method method) -> AnnotatedElementUtils.hasAnnotation(method, ExceptionHandler.class)
                                && named(method).anyMatch(RpcException.class::isAssignableFrom))
                .isEmpty();
    }

    /** What the annotation names, or else the parameters. */
    private static Stream<Class<?>> named(Method method) {
        ExceptionHandler annotation = AnnotatedElementUtils.findMergedAnnotation(method, ExceptionHandler.class);
        return annotation != null && annotation.exception().length > 0
                ? Arrays.stream(annotation.exception())
                : Arrays.stream(method.getParameterTypes());
    }
}
