package com.example.fib.system;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.example.fib.broker.TestBroker;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The page at {@code /} in a real browser, in front of both jars and a broker. */
class PageTests {

    private static final List<String> FLAGS = List.of(
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync");
    private static final double WITHIN_MS = 10_000;

    private static final TestBroker broker = TestBroker.shared();
    private static final List<ServiceProcess> servers = new ArrayList<>();
    private static ServiceProcess gateway;
    private static Playwright playwright;
    private static Browser browser;

    private final List<String> requests = new ArrayList<>();
    private final List<String> complaints = new ArrayList<>();
    /** What Chromium itself writes to the console about a response of 400 and more. No page can prevent it. */
    private Pattern expected = Pattern.compile("nothing");

    private BrowserContext context;
    private Page page;

    @BeforeAll
    static void start() {
        gateway = ServiceProcess.gateway(broker.properties());
        playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser = playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(Chromium.program())
                        .setArgs(FLAGS));
    }

    @AfterAll
    static void stop() {
        if (playwright != null) {
            playwright.close();
        }
        servers.forEach(ServiceProcess::close);
        servers.clear();
        if (gateway != null) {
            gateway.close();
        }
    }

    @BeforeEach
    void open() {
        servers(2);
        open(ColorScheme.LIGHT, ReducedMotion.NO_PREFERENCE);
    }

    private void open(ColorScheme scheme, ReducedMotion motion) {
        close();
        context = browser.newContext(
                new Browser.NewContextOptions().setColorScheme(scheme).setReducedMotion(motion));
        context.setDefaultTimeout(WITHIN_MS);
        context.onRequest(request -> requests.add(request.url()));
        context.onConsoleMessage(message -> complaints.add(message.type() + ": " + message.text()));
        context.onWebError(error -> complaints.add(error.error()));
        page = context.newPage();
        page.navigate(gateway.uri("/").toString());
    }

    private void close() {
        if (context != null) {
            context.close();
        }
    }

    @AfterEach
    void staysWithinItsOriginAndHasNothingToComplainOf() {
        close();
        assertThat(requests)
                .isNotEmpty()
                .allMatch(url -> url.startsWith("data:")
                        || url.startsWith(gateway.uri("/").toString()));
        assertThat(complaints).allMatch(complaint -> expected.matcher(complaint).matches());
    }

    @Test
    void showsAResultAndItsWay() {
        compute("30");

        assertThat(outcome()).containsText("fib(30) =");
        assertThat(outcome()).containsText("832040");
        assertThat(outcome().locator(".served")).containsText("Served by");
        String id = page.locator("#outcome .served code").textContent();
        assertThat(id).matches("[0-9a-f-]{36}");
        assertThat(outcome().locator(".legend")).hasText(Pattern.compile("HTTP.* ms.*RPC.* ms.*Compute.* ms"));
        assertThat(page.locator(".message .tag").first()).hasText(id.substring(0, 8));
        assertThat(page.locator(".server .name")).hasCount(1);
        assertThat(page.locator("#consumers")).hasText(Pattern.compile("16 consumers, .*"));
        assertThat(page.locator(".message")).hasCount(0, within());

        compute("90");
        assertThat(outcome()).containsText("2880067194370816120");
        compute("90");
        assertThat(rows()).hasCount(3);
        assertThat(rows().locator("code").allTextContents()).doesNotHaveDuplicates();
    }

    @Test
    void shortensALargeResultAndCopiesAllOfIt() {
        context.grantPermissions(List.of("clipboard-read", "clipboard-write"));
        compute("100000");

        assertThat(outcome()).containsText("20899 digits");
        assertThat(page.locator("#outcome .value").textContent()).hasSizeLessThan(100);
        page.locator("#outcome button").click();
        assertThat(page.locator("#outcome button")).hasText("Copied");
        assertThat(page.evaluate("navigator.clipboard.readText()").toString())
                .hasSize(20_899)
                .matches("[0-9]+")
                .startsWith("2597406934722172")
                .endsWith("653428746875");
    }

    @Test
    void sendsABurstToBothServers() {
        page.locator("#burst").click();

        assertThat(outcome()).containsText("50 answered");
        assertThat(page.locator("#outcome .tally li")).hasCount(2);
        assertThat(page.locator("#servers .server")).hasCount(2);
        assertThat(rows()).hasCount(20);
        long calls = requests.stream().filter(url -> url.endsWith("/fib/30")).count();
        assertThat(calls).isEqualTo(50);
    }

    @Test
    void saysThatNoServerIsThereUntilOneIs() {
        expected = failedWith(503);
        assertThat(page.locator("#health.good")).isVisible();
        servers(0);

        assertThat(page.locator("#health")).containsText("no server takes requests", withinText());
        compute("30");
        assertThat(outcome()).containsText("No server is taking requests");
        assertThat(outcome()).containsText("Nobody takes requests from the queue.");
        assertThat(outcome()).containsText("What to do: Start a server.");
        assertThat(page.locator("[data-leg=deliver].broken").first()).isVisible();
        assertThat(page.locator("#crosses path").first()).isVisible();
        assertThat(rows().first()).containsText("503 No server is taking requests");
        assertNothingFound();

        servers(1);
        assertThat(page.locator("#health.good")).isVisible();
        assertThat(page.locator(".broken:not(.head)")).hasCount(0, within());
        compute("30");
        assertThat(outcome()).containsText("832040");

        servers(0);
        assertThat(page.locator("#health.bad")).isVisible();
        compute("30");
        outcome().locator("a").click();
        assertThat(page.locator("h1")).hasText("No server is taking requests");
        assertThat(page).hasURL(gateway.uri("/problems/no-server").toString());
    }

    @Test
    void showsWhatTheGatewayRefuses() {
        expected = failedWith(400);
        compute("thirty");

        assertThat(outcome()).containsText("Not a number that can be computed");
        assertThat(outcome()).containsText("n must be a decimal integer from 0 to 1000000.");
        assertThat(page.locator("#publish.broken")).isVisible();
    }

    @Test
    void isUsedByKeyboardAlone() {
        page.keyboard().press("Tab");
        assertThat(page.locator("#n")).isFocused();
        page.keyboard().press("Enter");
        assertThat(outcome()).containsText("832040");
        page.keyboard().press("Tab");
        page.keyboard().press("Tab");
        assertThat(page.locator("#burst")).isFocused();
        page.keyboard().press("Space");
        assertThat(outcome()).containsText("50 answered");
        assertThat(page.locator("#burst")).isFocused();
    }

    @Test
    void movesNothingForWhoeverWantsItSo() {
        open(ColorScheme.LIGHT, ReducedMotion.REDUCE);
        page.evaluate("new MutationObserver(() => document.title = 'moved')"
                + ".observe(document.getElementById('messages'), {childList: true})");
        compute("30");
        assertThat(outcome()).containsText("832040");
        page.waitForTimeout(300);
        assertThat(page).hasTitle("RPC over RabbitMQ");

        page.emulateMedia(new Page.EmulateMediaOptions().setReducedMotion(ReducedMotion.NO_PREFERENCE));
        compute("30");
        assertThat(page).hasTitle("moved");
    }

    @ParameterizedTest
    @EnumSource(names = {"LIGHT", "DARK"})
    void isReadableInLightAndDark(ColorScheme scheme) {
        expected = failedWith(400);
        open(scheme, ReducedMotion.REDUCE);
        Object background = page.evaluate("getComputedStyle(document.body).backgroundColor");
        assertThat(background).isEqualTo(scheme == ColorScheme.DARK ? "rgb(18, 22, 21)" : "rgb(251, 250, 247)");
        assertThat(page.locator("#health.good")).isVisible();
        assertNothingFound();
        page.locator("#burst").click();
        assertThat(outcome()).containsText("50 answered");
        assertNothingFound();
        compute("100000");
        assertThat(outcome()).containsText("20899 digits");
        compute("thirty");
        assertThat(outcome()).containsText("Cause and cure");
        assertNothingFound();
        page.navigate(gateway.uri("/problems/deadline-exceeded").toString());
        assertNothingFound();
    }

    private void compute(String n) {
        page.locator("#n").fill(n);
        page.locator("#compute").click();
    }

    private Locator outcome() {
        return page.locator("#outcome");
    }

    private Locator rows() {
        return page.locator("#calls tr");
    }

    /** By axe-core, with all of its rules. */
    private void assertNothingFound() {
        assertThat(new AxeBuilder(page).analyze().getViolations())
                .extracting(rule -> rule.getId() + ": " + rule.getNodes())
                .isEmpty();
    }

    /** So many servers from now on: more are started, or all of them killed. */
    private static void servers(int count) {
        if (servers.size() > count) {
            servers.forEach(ServiceProcess::close);
            servers.clear();
        }
        List<ServiceProcess> started = new ArrayList<>();
        while (servers.size() < count) {
            ServiceProcess server = ServiceProcess.server(broker.properties());
            servers.add(server);
            started.add(server);
        }
        started.forEach(ServiceProcess::awaitHealthy);
        if (count > 0) {
            gateway.awaitHealthy();
        }
    }

    private static Pattern failedWith(int status) {
        return Pattern.compile(
                "error: Failed to load resource: the server responded with a status of " + status + " .*");
    }

    private static LocatorAssertions.HasCountOptions within() {
        return new LocatorAssertions.HasCountOptions().setTimeout(WITHIN_MS);
    }

    private static LocatorAssertions.ContainsTextOptions withinText() {
        return new LocatorAssertions.ContainsTextOptions().setTimeout(WITHIN_MS);
    }
}
