package com.example.fib.gateway;

import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.examples.Example;
import io.swagger.v3.oas.models.headers.Header;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.parameters.Parameter;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.responses.ApiResponses;
import io.swagger.v3.oas.models.servers.Server;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpStatus;

/**
 * What springdoc cannot read off the controller: bodies, headers and failures. The failures are those of {@link Problem},
 * so that none is forgotten.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnBooleanProperty("springdoc.api-docs.enabled")
class ApiDescription {

    private static final String PROBLEM = "Problem";
    private static final String RESULT = "Result";
    private static final String DIGITS = "^[0-9]+$";
    private static final String ABOUT_BLANK = "about:blank";
    private static final List<HttpStatus> OF_THE_FRAMEWORK =
            List.of(HttpStatus.BAD_REQUEST, HttpStatus.NOT_ACCEPTABLE, HttpStatus.INTERNAL_SERVER_ERROR);

    @Bean
    OpenApiCustomizer description(GatewaySettings settings) {
        return api -> {
            api.setInfo(new Info()
                    .title("fib-gateway")
                    .version("1")
                    .description("HTTP to RPC over RabbitMQ: a call is answered, or refused, before its deadline."));
            api.setServers(List.of(new Server().url("/")));
            api.setComponents(new Components().addSchemas(PROBLEM, problem()).addSchemas(RESULT, result()));
            api.getPaths().values().stream()
                    .flatMap(path -> path.readOperations().stream())
                    .forEach(operation -> describe(operation, settings));
        };
    }

    private static void describe(Operation operation, GatewaySettings settings) {
        operation
                .tags(List.of("fib"))
                .summary("fib(n), computed by a server")
                .description("HEAD is answered as GET is, without the body.")
                .responses(responses());
        operation.getParameters().forEach(n -> n.description(
                        "From 0 to " + settings.maxN() + ". Leading zeros mean nothing.")
                .schema(string("^[0-9]{1,20}$"))
                .example("30"));
        operation.addParametersItem(new Parameter()
                .in("header")
                .name("Prefer")
                .description("wait=N shortens the deadline of "
                        + settings.deadline().toMillis() + " ms to N seconds (RFC 7240).")
                .schema(string(null))
                .example("wait=1"));
        operation.addParametersItem(new Parameter()
                .in("header")
                .name("If-None-Match")
                .description("The ETag of a result that is known already.")
                .schema(string(null)));
    }

    private static ApiResponses responses() {
        ApiResponses responses = new ApiResponses();
        responses.addApiResponse(
                "200",
                new ApiResponse()
                        .description("The result")
                        .headers(headers(
                                "Cache-Control",
                                "ETag",
                                "Vary",
                                "Server-Timing",
                                "X-Fib-Server",
                                "X-Correlation-Id",
                                "Preference-Applied"))
                        .content(new Content()
                                .addMediaType(
                                        "text/plain",
                                        new MediaType().schema(string(DIGITS)).example("832040"))
                                .addMediaType(
                                        "application/json",
                                        new MediaType()
                                                .schema(reference(RESULT))
                                                .example(inOrder("n", 30, "value", "832040")))));
        responses.addApiResponse(
                "304",
                new ApiResponse()
                        .description("The result is the one that the caller knows; no server was asked")
                        .headers(headers("Cache-Control", "ETag", "Vary")));
        Map<HttpStatus, Map<String, Example>> failures = new EnumMap<>(HttpStatus.class);
        for (Problem problem : Problem.values()) {
            failures.computeIfAbsent(problem.status(), status -> new LinkedHashMap<>())
                    .put(
                            problem.slug(),
                            example(problem.type().toString(), problem.title(), problem.status(), detail(problem)));
        }
        for (HttpStatus status : OF_THE_FRAMEWORK) {
            failures.computeIfAbsent(status, absent -> new LinkedHashMap<>())
                    .put(
                            ABOUT_BLANK,
                            example(ABOUT_BLANK, status.getReasonPhrase(), status, "A sentence on what was wrong."));
        }
        failures.forEach((status, examples) ->
                responses.addApiResponse(Integer.toString(status.value()), failure(status, examples)));
        return responses;
    }

    private static ApiResponse failure(HttpStatus status, Map<String, Example> examples) {
        return new ApiResponse()
                .description(status.getReasonPhrase())
                .headers(
                        switch (status) {
                            case SERVICE_UNAVAILABLE -> headers("Cache-Control", "Preference-Applied", "Retry-After");
                            case NOT_ACCEPTABLE -> headers("Cache-Control", "Accept");
                            default -> headers("Cache-Control", "Preference-Applied");
                        })
                .content(new Content()
                        .addMediaType(
                                "application/problem+json",
                                new MediaType().schema(reference(PROBLEM)).examples(examples)));
    }

    private static Example example(String type, String title, HttpStatus status, String detail) {
        return new Example()
                .summary(title)
                .value(inOrder(
                        "type",
                        type,
                        "title",
                        title,
                        "status",
                        status.value(),
                        "detail",
                        detail,
                        "instance",
                        "/fib/30"));
    }

    /** What its detail may say. */
    private static String detail(Problem problem) {
        return switch (problem) {
            case INVALID_N -> "n must be a decimal integer from 0 to 1000000.";
            case OVERLOADED -> "256 calls are in flight, as many as there may be.";
            case BROKER_UNAVAILABLE -> "There is no connection to the broker.";
            case NO_SERVER -> "Nobody takes requests from the queue.";
            case DEADLINE_EXCEEDED -> "No reply within 2000 ms.";
            case SERVER_ERROR -> "The server failed to compute the answer.";
        };
    }

    private static Schema<?> problem() {
        Schema<?> type = string(null);
        type.setFormat("uri-reference");
        type.setDescription("Of a failure of ours, a page on its cause and cure.");
        Schema<?> traceId = string("^[0-9a-f]{32}$");
        traceId.setDescription("In the log, too. Missing where the web server refused what was no request yet.");
        Schema<?> problem = object(
                "type",
                type,
                "title",
                string(null),
                "status",
                integer(),
                "detail",
                string(null),
                "instance",
                string(null));
        problem.setRequired(List.of("type", "title", "status", "detail", "instance"));
        problem.addProperty("traceId", traceId);
        problem.setDescription("RFC 9457.");
        return problem;
    }

    private static Schema<?> result() {
        Schema<?> value = string(DIGITS);
        value.setDescription("A string, as JSON readers lose digits beyond 2^53.");
        Schema<?> result = object("n", integer(), "value", value);
        result.setRequired(List.of("n", "value"));
        return result;
    }

    private static Schema<?> string(@Nullable String pattern) {
        Schema<?> string = new Schema<String>();
        string.addType("string");
        string.setPattern(pattern);
        return string;
    }

    private static Schema<?> integer() {
        Schema<?> integer = new Schema<Long>();
        integer.addType("integer");
        return integer;
    }

    private static Schema<?> object(Object... namesAndSchemas) {
        Schema<?> object = new Schema<Object>();
        object.addType("object");
        inOrder(namesAndSchemas).forEach((name, schema) -> object.addProperty(name, (Schema<?>) schema));
        return object;
    }

    private static Schema<?> reference(String schema) {
        Schema<?> reference = new Schema<Object>();
        reference.set$ref(schema);
        return reference;
    }

    private static Map<String, Header> headers(String... names) {
        Map<String, Header> headers = new LinkedHashMap<>();
        Arrays.stream(names).forEach(name -> headers.put(name, new Header().schema(string(null))));
        return headers;
    }

    private static Map<String, Object> inOrder(Object... namesAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            map.put(namesAndValues[i].toString(), namesAndValues[i + 1]);
        }
        return map;
    }
}
