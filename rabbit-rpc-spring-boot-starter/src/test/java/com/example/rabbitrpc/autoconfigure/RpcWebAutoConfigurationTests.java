package com.example.rabbitrpc.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;

import com.example.rabbitrpc.NoServerException;
import com.example.rabbitrpc.RpcException;
import com.example.rabbitrpc.RpcStatus;
import com.example.rabbitrpc.web.RpcExceptionHandler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.amqp.AmqpException;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.http.converter.autoconfigure.HttpMessageConvertersAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.WebApplicationContext;

/** A failed call of any controller is a problem, unless the application says otherwise. */
class RpcWebAutoConfigurationTests {

    private final WebApplicationContextRunner application = new WebApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    JacksonAutoConfiguration.class,
                    HttpMessageConvertersAutoConfiguration.class,
                    DispatcherServletAutoConfiguration.class,
                    WebMvcAutoConfiguration.class,
                    RpcWebAutoConfiguration.class))
            .withUserConfiguration(Orders.class);

    @RestController
    static class Orders {

        @GetMapping("/orders/{status}")
        String order(@PathVariable RpcStatus status) {
            throw status == RpcStatus.OK
                    ? new NoServerException("Nobody.", null)
                    : new RpcException(status, "Not so.", new AmqpException("secret"));
        }
    }

    @RestControllerAdvice
    static class Own {

        @ExceptionHandler
        String mine(RpcException failure) {
            return "mine: " + failure.detail();
        }
    }

    @RestControllerAdvice
    static class CatchAll {

        @ExceptionHandler(Exception.class)
        String all() {
            return "all";
        }
    }

    @ParameterizedTest
    @CsvSource({
        "INVALID_ARGUMENT,400,invalid-argument",
        "OUT_OF_RANGE,400,invalid-argument",
        "DEADLINE_EXCEEDED,504,deadline-exceeded",
        "RESOURCE_EXHAUSTED,503,overloaded",
        "UNAVAILABLE,503,broker-unavailable",
        "OK,503,no-server",
        "INTERNAL,502,server-error"
    })
    void aFailedCallIsAProblem(String rpcStatus, int status, String name) {
        application.run(context -> {
            MockHttpServletResponse response = call(context, rpcStatus);
            assertThat(response.getStatus()).isEqualTo(status);
            assertThat(response.getContentType()).isEqualTo("application/problem+json");
            assertThat(response.getHeader("Cache-Control")).isEqualTo("no-store");
            assertThat(response.getHeader("Retry-After")).isEqualTo(status == 503 ? "1" : null);
            assertThat(response.getContentAsString())
                    .contains(
                            "\"type\":\"/problems/" + name + "\"",
                            "\"status\":" + status,
                            "\"instance\":\"/orders/" + rpcStatus + "\"",
                            "\"title\":\"",
                            rpcStatus.equals("OK") ? "Nobody." : "Not so.")
                    .doesNotContain("secret", "traceId");
        });
    }

    @Test
    void aHandlerOfTheApplicationsOwnWins() {
        application.withUserConfiguration(Own.class).run(context -> assertThat(
                        call(context, "INTERNAL").getContentAsString())
                .isEqualTo("mine: Not so."));
    }

    @Test
    void aHandlerOfAllExceptionsDoesNotMeanThisOne() {
        application.withUserConfiguration(CatchAll.class).run(context -> assertThat(
                        call(context, "INTERNAL").getStatus())
                .isEqualTo(502));
    }

    @Test
    void worksWithoutTracing() {
        application
                .withClassLoader(new FilteredClassLoader("io.micrometer.tracing"))
                .run(context ->
                        assertThat(call(context, "INTERNAL").getStatus()).isEqualTo(502));
    }

    @Test
    void isNotThereWithoutSpringMvc() {
        application
                .withClassLoader(new FilteredClassLoader("org.springframework.web.servlet"))
                .run(context -> assertThat(context).doesNotHaveBean(RpcExceptionHandler.class));
    }

    private static MockHttpServletResponse call(WebApplicationContext context, String status) throws Exception {
        return MockMvcBuilders.webAppContextSetup(context)
                .build()
                .perform(get("/orders/" + status))
                .andReturn()
                .getResponse();
    }
}
