package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.TestBroker;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README and all other pages: their commands print what they show, and what they name is there. */
class DocumentationTests {

    private static final Duration UP = Duration.ofMinutes(3);
    private static final long DOWN_SECONDS = 60;
    private static final Pattern SECOND_SERVER = Pattern.compile("fib-server-2: .* pid (\\d+)");
    private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:)([^)#\\s]*)#?([^)\\s]*)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");
    private static final Pattern MODULES = Pattern.compile("-pl ([\\w,-]+)");
    private static final Pattern TESTS = Pattern.compile("-Dtest='?([\\w,*?]+)");
    private static final Pattern SCRIPT_OPTION = Pattern.compile("(bin/\\w+) ([^`\\n]*?)(--[a-z-]+)");

    private final TestBroker broker = TestBroker.shared();

    /** The pair is the one of the README's first command, with a second server that is stopped before. */
    @Test
    void printsWhatItsCommandsPrintAndGoesOnWithoutAServer(@TempDir Path temp) throws Exception {
        broker.deleteQueue();
        List<Documented> commands = Documented.pages().stream()
                .filter(page -> !page.getFileName().toString().startsWith("your-own-")) // tests of their own
                .flatMap(page -> Documented.commands(page).stream())
                .toList();
        assertThat(commands).hasSizeGreaterThan(7);
        String gateway = Integer.toString(DebianPackage.freePort());
        String server = Integer.toString(DebianPackage.freePort());
        Path output = temp.resolve("up.log");
        ProcessBuilder up = new ProcessBuilder("bin/up", "--no-docker", "--servers", "2")
                .directory(Documented.PROJECT.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        up.environment()
                .putAll(Map.of(
                        "GATEWAY_PORT",
                        gateway,
                        "SERVER_PORT",
                        server,
                        "RABBITMQ_URL",
                        broker.uri(),
                        "FIB_QUEUE_NAME",
                        broker.queue()));
        Process process = up.start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        try {
            await().atMost(UP)
                    .until(() -> !process.isAlive() || Documented.text(output).contains("Ready."));
            assertThat(Documented.text(output)).contains("Ready.");
            for (String port : List.of(gateway, server)) {
                // Of another loopback address: who listens on all interfaces takes it.
                assertThatThrownBy(() -> new Socket("127.0.0.2", Integer.parseInt(port)).close())
                        .isInstanceOf(ConnectException.class);
            }
            stopSecondServer(output);
            URI health = URI.create("http://localhost:" + gateway + "/actuator/health");
            await().until(() -> Http.get(Http.CLIENT, health).body().contains("\"consumers\":1"));
            commands.forEach(command -> command.run(Map.of("8080", gateway, "8081", server)));
        } finally {
            process.destroy();
            assertThat(process.waitFor(DOWN_SECONDS, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(Documented.text(output)).contains("nothing is left running");
    }

    private static void stopSecondServer(Path output) {
        Matcher pid = SECOND_SERVER.matcher(Documented.text(output));
        assertThat(pid.find()).isTrue();
        assertThat(ProcessHandle.of(Long.parseLong(pid.group(1))))
                .hasValueSatisfying(server -> assertThat(server.destroy()).isTrue());
        await().atMost(DOWN_SECONDS, TimeUnit.SECONDS).until(() -> Documented.text(output)
                .contains("fib-server-2 has ended. The rest goes on, with 1 of 2 servers."));
    }

    @Test
    void linksToWhatIsThere() {
        int links = 0;
        for (Path page : Documented.pages()) {
            Matcher link = LINK.matcher(Documented.text(page));
            while (link.find()) {
                Path target = link.group(1).isEmpty()
                        ? page
                        : page.resolveSibling(link.group(1)).normalize();
                assertThat(target).exists();
                if (!link.group(2).isEmpty()) {
                    assertThat(headings(target)).as("%s", target).contains(link.group(2));
                }
                links++;
            }
        }
        assertThat(links).isGreaterThan(10);
    }

    /** As a link names them: small letters, and hyphens for blanks. */
    private static List<String> headings(Path page) {
        return HEADING.matcher(Documented.text(page))
                .results()
                .map(heading -> heading.group(1)
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\w -]", "")
                        .replace(' ', '-'))
                .toList();
    }

    @Test
    void namesModulesTestsAndOptionsThatThereAre() throws IOException {
        List<Path> tests = new ArrayList<>();
        for (String module : List.of(
                "fib-test-broker", "rabbit-rpc-spring-boot-starter", "fib-server", "fib-gateway", "fib-system-tests")) {
            try (Stream<Path> files =
                    Files.walk(Documented.PROJECT.resolve(module).resolve("src/test/java"))) {
                files.map(Path::getFileName).forEach(tests::add);
            }
        }
        int names = 0;
        for (Path page : Documented.pages()) {
            String text = Documented.text(page);
            for (String module : all(MODULES, text)) {
                assertThat(Documented.PROJECT.resolve(module).resolve("pom.xml"))
                        .exists();
                names++;
            }
            for (String test : all(TESTS, text)) {
                PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + test + ".java");
                assertThat(tests).as(test).anyMatch(matcher::matches);
                names++;
            }
            Matcher option = SCRIPT_OPTION.matcher(text);
            while (option.find()) {
                assertThat(Documented.text(Documented.PROJECT.resolve(option.group(1))))
                        .contains(option.group(3));
                names++;
            }
        }
        assertThat(names).isGreaterThan(5);
    }

    private static List<String> all(Pattern lists, String text) {
        List<String> names = new ArrayList<>();
        Matcher matcher = lists.matcher(text);
        while (matcher.find()) {
            names.addAll(List.of(matcher.group(1).split(",", -1)));
        }
        return names;
    }
}
