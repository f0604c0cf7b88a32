package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.TestBroker;
import com.jayway.jsonpath.JsonPath;
import com.rabbitmq.client.impl.ClientVersion;
import java.math.BigInteger;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Both jars and a broker, from the outside: with each other, and each with the tutorial's other side. */
class PairTests {

    private final TestBroker broker = TestBroker.shared();

    @BeforeEach
    void deleteQueue() {
        broker.deleteQueue();
    }

    @Test
    void computesInOneProcessWhatTheOtherWasAskedFor() {
        try (ServiceProcess server = ServiceProcess.server(broker.properties());
                ServiceProcess gateway = ServiceProcess.gateway(broker.properties())) {
            server.awaitHealthy();
            gateway.awaitHealthy();

            HttpResponse<String> response = gateway.get("/fib/30");
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("832040");
            assertThat(response.headers().firstValue("X-Fib-Server")).isPresent();
            assertThat(response.headers().firstValue("Server-Timing").orElseThrow())
                    .contains("rpc;dur=", "compute;dur=");
            assertThat(gateway.get("/fib/0").body()).isEqualTo("0");
            assertThat(gateway.get("/fib/1").body()).isEqualTo("1");
            assertThat(gateway.get("/fib/90", "Accept", "application/json").body())
                    .isEqualTo("{\"n\":90,\"value\":\"2880067194370816120\"}");

            String million = gateway.get("/fib/1000000").body();
            assertThat(million)
                    .hasSize(208_988)
                    .startsWith("19532821287077577316")
                    .endsWith("68996526838242546875");
            assertThat(gateway.get("/fib/1000001").statusCode()).isEqualTo(400);

            for (ServiceProcess service : new ServiceProcess[] {server, gateway}) {
                assertThat(service.get("/actuator/health/liveness").statusCode())
                        .isEqualTo(200);
                assertThat(service.get("/actuator/health/readiness").statusCode())
                        .isEqualTo(200);
                assertThat(service.get("/actuator/prometheus").body()).contains("jvm_memory_used_bytes");
                assertThat(service.get("/actuator/info").statusCode()).isEqualTo(200);
                for (String other : List.of("env", "beans", "heapdump", "loggers", "metrics", "threaddump")) {
                    assertThat(service.get("/actuator/" + other).statusCode()).isEqualTo(404);
                }
                assertThat(JsonPath.<List<String>>read(
                                service.get("/actuator/sbom/application").body(),
                                "$.components[?(@.name == 'amqp-client')].version"))
                        .containsExactly(ClientVersion.VERSION);
                assertThat(service.log()).doesNotContain("WARN", "ERROR");
            }
        }
    }

    @Test
    void answersTheTutorialsClient() throws Exception {
        try (ServiceProcess server = fromItsJar("server").awaitHealthy();
                ClassicClient client = new ClassicClient(broker)) {
            BigInteger a = BigInteger.ZERO;
            BigInteger b = BigInteger.ONE;
            for (int n = 0; n < 100; n++) {
                assertThat(client.call(Integer.toString(n))).isEqualTo(a.toString());
                BigInteger next = a.add(b);
                a = b;
                b = next;
            }
            assertThat(client.call("thirty")).doesNotMatch("[0-9]*");
            assertThat(server.isAlive()).isTrue();
        }
    }

    @Test
    void isAnsweredByTheTutorialsServer() throws Exception {
        try (ClassicServer server = new ClassicServer(broker);
                ServiceProcess gateway = fromItsJar("gateway")) {
            gateway.awaitHealthy();
            assertThat(gateway.get("/fib/30").body()).isEqualTo("832040");
            assertThat(gateway.get("/fib/0").body()).isEqualTo("0");
            assertThat(server).isNotNull();
        }
    }

    @Test
    void isSetUpByItsSettings() {
        Map<String, String> settings = new HashMap<>(broker.properties());
        settings.put("fib.deadline", "1500ms");
        settings.put("fib.max-n", "50");
        settings.put("fib.queue.name", broker.newQueue());
        try (ServiceProcess server = ServiceProcess.server(settings).awaitHealthy();
                ServiceProcess gateway = ServiceProcess.gateway(settings).awaitHealthy()) {
            assertThat(gateway.get("/fib/50").body()).isEqualTo("12586269025");
            HttpResponse<String> refused = gateway.get("/fib/51");
            assertThat(refused.statusCode()).isEqualTo(400);
            assertThat(refused.body()).contains("50");
            server.freeze();
            try {
                HttpResponse<String> late = gateway.get("/fib/30");
                assertThat(late.statusCode()).isEqualTo(504);
                assertThat(late.body()).contains("1500 ms");
            } finally {
                server.resume();
            }
        }
    }

    @Test
    void comesBackAfterItsServerWasKilled() {
        try (ServiceProcess gateway = ServiceProcess.gateway(broker.properties())) {
            try (ServiceProcess server = ServiceProcess.server(broker.properties())) {
                server.awaitHealthy();
                gateway.awaitHealthy();
                server.kill();
            }
            await().atMost(Duration.ofSeconds(3))
                    .untilAsserted(
                            () -> assertThat(gateway.get("/fib/30").body()).contains("no-server"));
            try (ServiceProcess server =
                    ServiceProcess.server(broker.properties()).awaitHealthy()) {
                gateway.awaitHealthy();
                assertThat(gateway.get("/fib/30").body()).isEqualTo("832040");
                assertThat(server.isAlive()).isTrue();
            }
        }
    }

    /** As a user would start it. */
    private ServiceProcess fromItsJar(String service) {
        return ServiceProcess.start(service, List.of("-jar", ServiceProcess.jar(service)), broker.properties());
    }
}
