package com.example.fib.system;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Messages that would need more memory than a server has: none ends it, and it computes what fits. */
@Tag("faults")
class LargeNumberTests {

    /** 16 MB of the 32 that half of the heap is, and 2 MB of digits. */
    private static final int N = 10_000_000;

    private static final int DIGITS = 2_089_877;
    private static final String HEAP = "-Xmx64m";
    private static final Duration LONG = Duration.ofMinutes(2);

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void oneMessageDoesNotEndAServer() throws Exception {
        try (Site site = Site.shared()) {
            ServiceProcess server = site.added(server(site.with("fib.max-n", Integer.toString(N))));
            server.awaitHealthy();
            ServiceProcess gateway = site.gateway(
                    "fib.max-n",
                    "2147483647",
                    "fib.deadline",
                    "100s",
                    "fib.hedge-after",
                    "0s",
                    "fib.resend-share",
                    "0");
            assertThat(get(gateway, Integer.MAX_VALUE).join().statusCode())
                    .as("more than it may")
                    .isEqualTo(400);

            List<CompletableFuture<HttpResponse<byte[]>>> calls = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                calls.add(get(gateway, N));
            }
            int computed = 0;
            for (CompletableFuture<HttpResponse<byte[]>> call : calls) {
                HttpResponse<byte[]> answer = call.join();
                if (answer.statusCode() == 200) {
                    assertThat(answer.body()).hasSize(DIGITS);
                    computed++;
                } else {
                    assertThat(answer.statusCode()).isEqualTo(503);
                    assertThat(new String(answer.body(), US_ASCII)).contains("/problems/overloaded", "no memory left");
                }
            }
            assertThat(computed).as("of five at once").isBetween(1, 4);
            assertThat(get(gateway, N).join().body()).as("and later").hasSize(DIGITS);
            assertThat(gateway.get("/fib/30").body()).isEqualTo("832040");
            assertThat(server.isAlive()).isTrue();
            assertThat(server.log()).doesNotContain("OutOfMemoryError");
        }
    }

    @Test
    void aLimitThatIsTooLargeForItsHeapIsRefusedAtTheStart() {
        try (Site site = Site.shared();
                ServiceProcess server = server(site.with("fib.max-n", "100000000"))) {
            await().atMost(LONG).until(() -> !server.isAlive());
            assertThat(server.log())
                    .contains("fib.max-n=100000000 takes 159 MB for one number, and half of this heap is 32 MB");
        }
    }

    private static ServiceProcess server(Map<String, String> settings) {
        return ServiceProcess.start(
                "server", List.of(HEAP, "-XX:+ExitOnOutOfMemoryError", "-jar", ServiceProcess.jar("server")), settings);
    }

    private CompletableFuture<HttpResponse<byte[]>> get(ServiceProcess gateway, int n) {
        HttpRequest request =
                HttpRequest.newBuilder(gateway.uri("/fib/" + n)).timeout(LONG).build();
        return http.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
    }
}
