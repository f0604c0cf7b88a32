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
import com.microsoft.playwright.assertions.PlaywrightAssertions;
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
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The page at {@code /} in a real browser, in front of both jars and a broker. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
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
    private static final Pattern NOTHING = Pattern.compile("");
    /** Of a machine that is too busy for the broker to answer within a second; the page then shows it, and goes on. */
    private static final Pattern UNHEALTHY = failedWith(503, "/actuator/health");

    private static final TestBroker broker = TestBroker.shared();
    private static final List<ServiceProcess> servers = new ArrayList<>();
    private static ServiceProcess gateway;
    private static Playwright playwright;
    private static Browser browser;

    private final List<String> requests = new ArrayList<>();
    private final List<String> complaints = new ArrayList<>();
    private Pattern expected = NOTHING;

    private BrowserContext context;
    private Page page;

    @BeforeAll
    static void start() {
        gateway = ServiceProcess.gateway(broker.properties());
        startServer();
        startServer();
        awaitHealth();
        PlaywrightAssertions.setDefaultAssertionTimeout(WITHIN_MS);
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
        open(ColorScheme.LIGHT, ReducedMotion.NO_PREFERENCE);
    }

    private void open(ColorScheme scheme, ReducedMotion motion) {
        close();
        context = browser.newContext(
                new Browser.NewContextOptions().setColorScheme(scheme).setReducedMotion(motion));
        context.setDefaultTimeout(WITHIN_MS);
        context.onRequest(request -> requests.add(request.url()));
        context.onConsoleMessage(
                message -> complaints.add(message.type() + ": " + message.text() + " " + message.location()));
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
        assertThat(complaints)
                .allMatch(complaint -> expected.matcher(complaint).matches()
                        || UNHEALTHY.matcher(complaint).matches());
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
        assertThat(page.locator("#consumers")).hasText(Pattern.compile("2 consumers, .*"));
        assertThat(page.locator(".message")).hasCount(0);

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
    @Order(Integer.MAX_VALUE) // the others need both servers
    void saysThatNoServerIsThereUntilOneIs() {
        expected = failedWith(503, "/fib/30");
        compute("30");
        assertThat(outcome()).containsText("832040");
        servers.forEach(ServiceProcess::close);
        servers.clear();

        assertThat(page.locator("#health")).containsText("no server takes requests");
        assertThat(page.locator(".server.gone")).hasCount(1);
        compute("30");
        assertThat(outcome()).containsText("No server is taking requests");
        assertThat(outcome()).containsText("Nobody takes requests from the queue.");
        assertThat(outcome()).containsText("What to do: Start a server.");
        assertThat(page.locator("[data-leg=deliver].broken")).isVisible();
        assertThat(page.locator("#crosses path")).isVisible();
        assertThat(rows().first()).containsText("503 No server is taking requests");

        startServer();
        awaitHealth();
        assertThat(page.locator("#health.good")).isVisible();
        assertThat(page.locator(".path.broken")).hasCount(0);
        compute("30");
        assertThat(outcome()).containsText("832040");
    }

    @Test
    void explainsAFailureOnAPageOfItsOwn() {
        expected = failedWith(400, "/fib/1000001");
        compute("1000001");
        outcome().locator("a").click();

        assertThat(page).hasURL(gateway.uri("/problems/invalid-n").toString());
        assertThat(page.locator("h1")).hasText("Not a number that can be computed");
        page.locator("nav a").click();
        assertThat(page.locator("h1")).hasText("RPC over RabbitMQ");
    }

    @Test
    void showsWhatTheGatewayRefuses() {
        expected = failedWith(400, "/fib/thirty");
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
        expected = failedWith(400, "/fib/thirty");
        open(scheme, ReducedMotion.REDUCE);
        Object background = page.evaluate("getComputedStyle(document.body).backgroundColor");
        assertThat(background).isEqualTo(scheme == ColorScheme.DARK ? "rgb(18, 22, 21)" : "rgb(251, 250, 247)");
        page.locator("#burst").click();
        assertThat(outcome()).containsText("50 answered");
        compute("100000");
        assertThat(outcome()).containsText("20899 digits");
        assertNothingFound();
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

    private static void startServer() {
        servers.add(ServiceProcess.server(broker.properties()));
    }

    private static void awaitHealth() {
        servers.forEach(ServiceProcess::awaitHealthy);
        gateway.awaitHealthy();
    }

    /** What Chromium itself writes about a response of 400 and more to the console. No page can prevent it. */
    private static Pattern failedWith(int status, String path) {
        return Pattern.compile("error: Failed to load resource: the server responded with a status of " + status + " .*"
                + path + ":.*");
    }
}
