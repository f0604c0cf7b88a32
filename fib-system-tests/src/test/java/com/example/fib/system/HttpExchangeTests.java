package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.example.fib.broker.TestBroker;
import java.math.BigInteger;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.http.ProblemDetail;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestClientResponseException;
import org.springframework.web.client.support.RestClientAdapter;
import org.springframework.web.service.invoker.HttpServiceProxyFactory;

/** A Spring application's way to the gateway: {@link FibonacciApi}, its result and its failures. */
class HttpExchangeTests {

    private final TestBroker broker = TestBroker.shared();

    @BeforeEach
    void deleteQueue() {
        broker.deleteQueue();
    }

    @Test
    void readsResultsAndProblems() {
        try (ServiceProcess gateway = ServiceProcess.gateway(broker.properties())) {
            FibonacciApi fib = client(gateway);

            RestClientResponseException early =
                    catchThrowableOfType(RestClientResponseException.class, () -> fib.fibonacci(30, null));
            assertThat(type(early)).isEqualTo("/problems/no-server");
            assertThat(early.getStatusCode().value()).isEqualTo(503);
            assertThat(Objects.requireNonNull(early.getResponseHeaders()).getFirst("Retry-After"))
                    .isEqualTo("1");

            try (ServiceProcess server =
                    ServiceProcess.server(broker.properties()).awaitHealthy()) {
                gateway.awaitHealthy();
                assertThat(fib.fibonacci(90, null))
                        .isEqualTo(new FibonacciApi.Result(90, BigInteger.valueOf(2880067194370816120L)));
                assertThat(fib.digits(300))
                        .hasSize(63)
                        .startsWith("222232244629420445529739893461909967")
                        .endsWith("979600");

                RestClientResponseException refused =
                        catchThrowableOfType(RestClientResponseException.class, () -> fib.fibonacci(1_000_001, null));
                assertThat(type(refused)).isEqualTo("/problems/invalid-n");

                server.freeze();
                try {
                    RestClientResponseException late =
                            catchThrowableOfType(RestClientResponseException.class, () -> fib.fibonacci(31, "wait=1"));
                    assertThat(type(late)).isEqualTo("/problems/deadline-exceeded");
                    ProblemDetail problem = Objects.requireNonNull(late.getResponseBodyAs(ProblemDetail.class));
                    assertThat(problem.getDetail()).contains("1000 ms");
                    assertThat(problem.getProperties()).containsKey("traceId");
                } finally {
                    server.resume();
                }
            }
        }
    }

    /** Its timeout is longer than the gateway's deadline: then every call ends with an answer or a problem. */
    private static FibonacciApi client(ServiceProcess gateway) {
        JdkClientHttpRequestFactory http = new JdkClientHttpRequestFactory(
                HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build());
        http.setReadTimeout(Duration.ofSeconds(5));
        RestClient client = RestClient.builder()
                .baseUrl(gateway.uri("").toString())
                .requestFactory(http)
                .build();
        return HttpServiceProxyFactory.builderFor(RestClientAdapter.create(client))
                .build()
                .createClient(FibonacciApi.class);
    }

    private static String type(RestClientResponseException failure) {
        return String.valueOf(Objects.requireNonNull(failure.getResponseBodyAs(ProblemDetail.class))
                .getType());
    }
}
