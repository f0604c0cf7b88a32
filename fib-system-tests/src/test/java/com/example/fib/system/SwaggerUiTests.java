package com.example.fib.system;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.fib.broker.TestBroker;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The page of the OpenAPI description in a real browser: it works under the gateway's content security policy. */
class SwaggerUiTests {

    private final TestBroker broker = TestBroker.shared();
    private final List<String> requests = new ArrayList<>();
    private final List<String> complaints = new ArrayList<>();

    @Test
    void makesACallAndTakesNothingFromElsewhere() {
        try (ServiceProcess server = ServiceProcess.server(broker.properties());
                ServiceProcess gateway = ServiceProcess.gateway(broker.properties());
                Playwright playwright = Playwright.create(
                        new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
                Browser browser = playwright
                        .chromium()
                        .launch(new BrowserType.LaunchOptions()
                                .setExecutablePath(Chromium.program())
                                .setArgs(List.of("--no-sandbox", "--disable-gpu", "--no-first-run")))) {
            server.awaitHealthy();
            gateway.awaitHealthy();
            Page page = browser.newPage();
            page.onRequest(request -> requests.add(request.url()));
            page.onConsoleMessage(message -> complaints.add(message.type() + ": " + message.text()));
            page.onPageError(complaints::add);
            page.navigate(gateway.uri("/swagger-ui.html").toString());
            Locator call = page.locator(".opblock-get");
            call.locator(".opblock-summary-control").click();
            call.locator(".try-out__btn").click();
            call.locator(".execute").click();

            assertThat(call.locator(".live-responses-table .response-col_status")
                            .last())
                    .containsText("200");
            assertThat(call.locator(".live-responses-table")).containsText("832040");
            assertThat(requests)
                    .contains(gateway.uri("/fib/30").toString())
                    .allMatch(url -> url.startsWith("data:")
                            || url.startsWith(gateway.uri("/").toString()));
            // Swagger UI's own, and only for its looks: not worth a weaker policy.
            assertThat(complaints).allMatch(complaint -> complaint.startsWith("error: Applying inline style violates"));
            assertThat(server.isAlive()).isTrue();
        }
    }
}
