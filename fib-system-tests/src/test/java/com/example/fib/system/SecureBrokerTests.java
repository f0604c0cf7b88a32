package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.example.fib.broker.TestBroker;
import com.jayway.jsonpath.JsonPath;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.AuthenticationFailureException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A broker with the users of deploy/rabbitmq/definitions and with TLS: at one port for everybody, at another only with a client
 * certificate. The pair is at the latter, takes its passwords from files, and its gateway is HTTPS.
 */
class SecureBrokerTests {

    private static final String GATEWAY_PASSWORD = UUID.randomUUID().toString();
    private static final String SERVER_PASSWORD = UUID.randomUUID().toString();
    private static final Duration BACK = Duration.ofSeconds(10);
    private static final Pattern ROW =
            Pattern.compile("^\\| ([^|]+) \\| (allowed|refused) \\| (allowed|refused) \\|$", Pattern.MULTILINE);

    private static Path folder;
    private static Certificates certificates;
    private static TestBroker broker;
    private static int tlsPort;
    private static int clientCertificatePort;
    private static int managementPort;
    private static ServiceProcess server;
    private static ServiceProcess gateway;

    /** What a user does on a channel. */
    private interface Act {
        void on(Channel channel) throws IOException;
    }

    private static final Map<String, Act> ACTS = new LinkedHashMap<>();

    static {
        ACTS.put("publish to the default exchange", channel -> publish(channel, ""));
        ACTS.put("publish to another exchange, `amq.topic`", channel -> publish(channel, "amq.topic"));
        ACTS.put(
                "consume its own replies, from `amq.rabbitmq.reply-to`",
                channel -> channel.basicConsume("amq.rabbitmq.reply-to", true, (tag, reply) -> {}, tag -> {}));
        ACTS.put("ask for `rpc_queue`: a passive declare", channel -> channel.queueDeclarePassive("rpc_queue"));
        ACTS.put("declare `rpc_queue`", channel -> channel.queueDeclare("rpc_queue", true, false, false, null));
        ACTS.put(
                "consume from `rpc_queue`",
                channel -> channel.basicConsume("rpc_queue", (tag, taken) -> {}, tag -> {}));
        ACTS.put("get a message from `rpc_queue`", channel -> channel.basicGet("rpc_queue", false));
        ACTS.put("purge `rpc_queue`", channel -> channel.queuePurge("rpc_queue"));
        ACTS.put("delete `rpc_queue`", channel -> channel.queueDelete("rpc_queue"));
        ACTS.put("bind `rpc_queue` to `amq.topic`", channel -> channel.queueBind("rpc_queue", "amq.topic", "#"));
        ACTS.put("declare another queue", channel -> channel.queueDeclare("another", true, false, true, null));
        ACTS.put("declare a queue that the broker names", Channel::queueDeclare);
        ACTS.put(
                "consume from another queue", channel -> channel.basicConsume("others", (tag, taken) -> {}, tag -> {}));
        ACTS.put("delete another queue", channel -> channel.queueDelete("others"));
        ACTS.put("declare an exchange", channel -> channel.exchangeDeclare("another", "topic", false, true, null));
        ACTS.put("delete an exchange", channel -> channel.exchangeDelete("others"));
    }

    @BeforeAll
    static void start(@TempDir Path temporary) throws Exception {
        folder = temporary;
        certificates = new Certificates(folder)
                .authority("ca")
                .authority("other-ca")
                .issue("good", "ca", "-ext", "san=dns:localhost")
                .issue("elsewhere", "ca", "-ext", "san=dns:broker.example")
                .issue("expired", "ca", "-ext", "san=dns:localhost", "-startdate", "-3d", "-validity", "1")
                .issue("stranger", "other-ca", "-ext", "san=dns:localhost")
                .issue("client", "ca")
                .issue("renewed", "ca", "-ext", "san=dns:localhost");
        certificates.put("broker", "good").put("web", "good").put("trusted", "ca");
        tlsPort = DebianPackage.freePort();
        clientCertificatePort = DebianPackage.freePort();
        managementPort = DebianPackage.freePort();
        Path definitions = folder.resolve("definitions.json");
        Files.writeString(definitions, definitions(Map.of("ADMIN_USER", "guest", "ADMIN_PASSWORD", "guest")));
        broker = TestBroker.start(
                "load_definitions = " + definitions,
                "listeners.ssl.1 = 127.0.0.1:" + tlsPort,
                "ssl_options.cacertfile = " + certificates.file("ca.crt"),
                "ssl_options.certfile = " + certificates.file("broker.crt"),
                "ssl_options.keyfile = " + certificates.file("broker.key"),
                "ssl_options.verify = verify_peer",
                "ssl_options.fail_if_no_peer_cert = false");
        // A configuration has one fail_if_no_peer_cert for all listeners.
        broker.ctl(
                "eval",
                ("rabbit_networking:start_ssl_listener({\"127.0.0.1\", %d}, lists:keystore(fail_if_no_peer_cert, 1,"
                                + " rabbit_networking:ensure_ssl(), {fail_if_no_peer_cert, true}), 1).")
                        .formatted(clientCertificatePort));
        server = ServiceProcess.server(settings("fib-server", SERVER_PASSWORD, clientCertificatePort, true));
        Map<String, String> https = settings("fib-gateway", GATEWAY_PASSWORD, clientCertificatePort, true);
        https.put("server.ssl.bundle", "web");
        https.put("spring.ssl.bundle.pem.web.keystore.certificate", "file:" + certificates.file("web.crt"));
        https.put("spring.ssl.bundle.pem.web.keystore.private-key", "file:" + certificates.file("web.key"));
        https.put("spring.ssl.bundle.pem.web.keystore.verify-keys", "true");
        https.put("spring.ssl.bundle.pem.web.reload-on-update", "true");
        https.put("management.server.port", Integer.toString(managementPort));
        https.put("management.server.ssl.enabled", "false");
        gateway = ServiceProcess.gateway(https);
        server.awaitHealthy();
        awaitAnswers();
    }

    @AfterAll
    static void stop() {
        Stream.of(gateway, server, broker).forEach(SecureBrokerTests::close);
    }

    private static void close(@Nullable AutoCloseable started) {
        try {
            if (started != null) {
                started.close();
            }
        } catch (Exception ex) {
            throw new IllegalStateException(ex);
        }
    }

    /** docs/least-rights.md has the acts, and who may do them. */
    @Test
    void letsEachUserDoWhatItNeedsAndNothingElse() throws Exception {
        Map<String, MatchResult> rows = new LinkedHashMap<>();
        ROW.matcher(Documented.text(Documented.PROJECT.resolve("docs/least-rights.md")))
                .results()
                .forEach(row -> rows.put(row.group(1), row));
        assertThat(rows.keySet()).isEqualTo(ACTS.keySet());
        try (Connection admin = broker.connect();
                Connection asGateway = connect("fib-gateway", GATEWAY_PASSWORD);
                Connection asServer = connect("fib-server", SERVER_PASSWORD);
                Channel channel = admin.createChannel()) {
            for (Map.Entry<String, Act> act : ACTS.entrySet()) {
                channel.queueDeclare("rpc_queue", true, false, false, null);
                channel.queueDeclare("others", true, false, false, null);
                channel.exchangeDeclare("others", "topic");
                MatchResult row = Objects.requireNonNull(rows.get(act.getKey()));
                assertAct(act, asGateway, row.group(2).equals("allowed"), "fib-gateway");
                assertAct(act, asServer, row.group(3).equals("allowed"), "fib-server");
            }
            channel.queueDelete("others");
            channel.exchangeDelete("others");
        }
        server.awaitHealthy();
        awaitAnswers();
    }

    private static void assertAct(Map.Entry<String, Act> act, Connection connection, boolean allowed, String user)
            throws IOException {
        String refusal = refusal(act.getValue(), connection);
        if (allowed) {
            assertThat(refusal).as("%s: %s", user, act.getKey()).isNull();
        } else {
            assertThat(refusal)
                    .as("%s: %s", user, act.getKey())
                    .matches(
                            "403 ACCESS_REFUSED - (\\w+ )?access to (queue|exchange) '[^']+' in vhost '/' refused for user '"
                                    + user + "'");
        }
    }

    /** The broker's words; null where it did what it was told. */
    private static @Nullable String refusal(Act act, Connection connection) throws IOException {
        Channel channel = connection.createChannel();
        try {
            act.on(channel);
            channel.abort();
            return null;
        } catch (IOException | AlreadyClosedException ex) {
            ShutdownSignalException signal = channel.getCloseReason();
            if (signal != null && signal.getReason() instanceof AMQP.Channel.Close close) {
                return close.getReplyCode() + " " + close.getReplyText();
            }
            throw ex;
        }
    }

    /** To a queue that is not there, and waits until the broker is past it. */
    private static void publish(Channel channel, String exchange) throws IOException {
        channel.basicPublish(exchange, "nowhere", null, new byte[0]);
        channel.basicQos(1);
    }

    @Test
    void letsTheServerDeclareAQuorumQueueAndNobodyIntoAnotherVirtualHost() throws Exception {
        try (Connection connection = connect("fib-server", SERVER_PASSWORD)) {
            // Deleted and declared at once: the server is as quick.
            await().until(() -> {
                Channel channel = connection.createChannel();
                channel.queueDelete("rpc_queue");
                try {
                    channel.queueDeclare("rpc_queue", true, false, false, Map.of("x-queue-type", "quorum"));
                    return true;
                } catch (IOException ex) {
                    return false;
                }
            });
            await().atMost(BACK).until(() -> connection.createChannel().consumerCount("rpc_queue") == 1);
            awaitAnswers();
            connection.createChannel().queueDelete("rpc_queue");
        }
        server.awaitHealthy();
        broker.ctl("add_vhost", "elsewhere");
        for (String user : List.of("fib-gateway", "fib-server")) {
            ConnectionFactory factory = as(user, user.equals("fib-server") ? SERVER_PASSWORD : GATEWAY_PASSWORD);
            factory.setVirtualHost("elsewhere");
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(factory::newConnection)
                    .havingCause()
                    .withMessageContaining("NOT_ALLOWED")
                    .withMessageContaining("refused for user '" + user + "'");
        }
    }

    @Test
    void hasNoGuestAndNoPasswordAndNoRightToManage() throws Exception {
        String definitions = definitions(Map.of());
        assertThat(JsonPath.<List<String>>read(definitions, "$.users[*].name"))
                .containsExactly("fib-gateway", "fib-server");
        assertThat(JsonPath.<List<String>>read(definitions, "$.users[*].tags[*]"))
                .isEmpty();
        assertThat(definitions).doesNotContain(GATEWAY_PASSWORD, SERVER_PASSWORD);
        Path file = Files.writeString(folder.resolve("a-password"), "from a file\n");
        assertThat(definitions(Map.of("GATEWAY_PASSWORD", "", "GATEWAY_PASSWORD_FILE", file.toString())))
                .contains("fib-gateway");
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> definitions(Map.of("SERVER_PASSWORD", "")))
                .withMessageContaining("SERVER_PASSWORD, or a file SERVER_PASSWORD_FILE, is missing");
        assertThatExceptionOfType(AuthenticationFailureException.class)
                .isThrownBy(() -> connect("fib-gateway", "guest"));
    }

    /** The tests take another folder, as this one is root's. */
    @ParameterizedTest
    @ValueSource(strings = {"fib-gateway", "fib-server"})
    void readsTheFolderOfDockersAndKubernetesSecrets(String service) {
        String settings = Documented.text(Documented.PROJECT.resolve(service + "/src/main/resources/application.yml"));
        assertThat(settings).containsPattern("(?m)^  config:\n    import: optional:configtree:/run/secrets/ ");
    }

    @Test
    void worksWithLeastRightsOverTlsAlone() throws Exception {
        try (Connection admin = broker.connect();
                Channel channel = admin.createChannel()) {
            int before = server.log().length();
            channel.queueDelete("rpc_queue");
            await().atMost(BACK).until(() -> server.log().substring(before).contains("Consuming requests"));
        }
        server.awaitHealthy();
        awaitAnswers();
        // A queue that was missing is asked for less often, so health is up to two seconds behind.
        await().atMost(BACK).untilAsserted(() -> assertThat(health())
                .contains("\"broker\":{\"status\":\"UP\"}", "\"consumers\":1"));
        // The gateway's for calls and for its watch, the server's, and before RabbitMQ 4 the one on which the server
        // tries new reply addresses.
        List<String> users = new ArrayList<>(List.of("fib-gateway", "fib-gateway", "fib-server"));
        if (broker.ctl("version").startsWith("3.")) {
            users.add("fib-server");
        }
        await().atMost(BACK).untilAsserted(() -> assertThat(
                        broker.ctl("list_connections", "user", "ssl", "port").lines())
                .containsExactlyInAnyOrderElementsOf(users.stream()
                        .map(user -> user + "\ttrue\t" + clientCertificatePort)
                        .toList()));
        for (String path : List.of("/actuator/health", "/actuator/info", "/actuator/prometheus")) {
            assertThat(get("http", managementPort, path).body()).doesNotContain(GATEWAY_PASSWORD);
            assertThat(server.get(path).body()).doesNotContain(SERVER_PASSWORD);
        }
        assertThat(gateway.log()).doesNotContain(GATEWAY_PASSWORD);
        assertThat(server.log()).doesNotContain(SERVER_PASSWORD);
        assertThat(get("http", managementPort, "/actuator/prometheus").body()).contains("ssl_chain_expiry_seconds");
    }

    @ParameterizedTest
    @CsvSource({
        "elsewhere, No subject alternative DNS name matching localhost found",
        "expired, CertificateExpiredException: NotAfter"
    })
    void refusesABrokerWithACertificateThatIs(String certificate, String reason) throws Exception {
        assertRefused(certificate, reason);
        present("good", false);
        server.awaitHealthy();
        awaitAnswers();
    }

    @Test
    void refusesABrokerOfAnotherAuthorityUntilItIsTrustedWithoutARestart() throws Exception {
        assertRefused("stranger", "unable to find valid certification path to requested target");
        trust("ca", "other-ca");
        server.awaitHealthy();
        awaitAnswers();
        assertThat(server.log())
                .contains("TLS bundle broker has changed")
                .doesNotContain("doesn't support SSL reloading");
        assertThat(gateway.log())
                .contains("TLS bundle broker has changed")
                .doesNotContain("doesn't support SSL reloading");
        present("good", true);
        trust("ca");
        server.awaitHealthy();
        awaitAnswers();
    }

    @Test
    void refusesToGoOnWithoutTheClientCertificateThatTheBrokerDemands() throws Exception {
        try (ServiceProcess without =
                ServiceProcess.gateway(settings("fib-gateway", GATEWAY_PASSWORD, clientCertificatePort, false))) {
            assertUnavailable(without.get("/fib/30"), Duration.ZERO);
            await().atMost(BACK).untilAsserted(() -> assertThat(without.log())
                    .contains("Cannot connect to the broker")
                    .contains("certificate_required"));
        }
    }

    @Test
    void answersWhileItsPasswordIsWrongAndKeepsItToItself() throws Exception {
        String wrong = "wrong-" + UUID.randomUUID();
        Map<String, String> settings = settings("fib-gateway", wrong, tlsPort, false);
        // In an address, too, as those are what is logged most easily. It wins over the file.
        settings.put("spring.rabbitmq.addresses", "amqps://fib-gateway:" + wrong + "@localhost:" + tlsPort);
        try (ServiceProcess refused = ServiceProcess.gateway(settings).awaitStarted()) {
            long start = System.nanoTime();
            assertUnavailable(refused.get("/fib/30"), Duration.ofNanos(System.nanoTime() - start));
            await().atMost(BACK).until(() -> refused.log().contains("Login was refused"));
            assertThat(refused.get("/actuator/health").body())
                    .contains("\"status\":\"DOWN\"")
                    .doesNotContain(wrong);
            assertThat(refused.get("/actuator/health/liveness").statusCode()).isEqualTo(200);
            assertThat(refused.get("/fib/30").body())
                    .contains("broker-unavailable")
                    .doesNotContain(wrong);
            broker.ctl("change_password", "fib-gateway", wrong);
            try {
                await().atMost(BACK)
                        .untilAsserted(
                                () -> assertThat(refused.get("/fib/30").body()).isEqualTo("832040"));
            } finally {
                broker.ctl("change_password", "fib-gateway", GATEWAY_PASSWORD);
            }
            assertThat(refused.get("/actuator/prometheus").body()).doesNotContain(wrong);
            assertThat(refused.log()).doesNotContain(wrong, "\tat ");
            assertThat(refused.log().lines().filter(line -> line.contains(" WARN ")))
                    .singleElement()
                    .asString()
                    .contains("Cannot connect to the broker, calls are refused until it is back")
                    .contains("ACCESS_REFUSED");
        }
    }

    @Test
    void showsARenewedCertificateToNewConnectionsWithoutARestart() throws Exception {
        assertThat(presented()).isEqualTo("CN=good");
        certificates.put("web.crt", Files.readAllBytes(certificates.file("renewed.crt")));
        await().atMost(BACK).until(() -> gateway.log().contains("Unexpected SSL reload error"));
        assertThat(presented()).as("as the key is another's").isEqualTo("CN=good");
        certificates.put("web", "renewed");
        await().atMost(BACK).until(() -> presented().equals("CN=renewed"));
        awaitAnswers();
        assertThat(get("http", managementPort, "/actuator/health/readiness").statusCode())
                .isEqualTo(200);
    }

    private static String presented() throws Exception {
        HttpResponse<String> response = get("https", gateway.port(), "/fib/30");
        X509Certificate certificate =
                (X509Certificate) response.sslSession().orElseThrow().getPeerCertificates()[0];
        return certificate.getSubjectX500Principal().getName();
    }

    /** Both services lose their connections, and refuse the certificate when they connect again. */
    private static void assertRefused(String certificate, String reason) throws Exception {
        int gatewayLog = gateway.log().length();
        int serverLog = server.log().length();
        present(certificate, true);
        await().atMost(BACK).untilAsserted(() -> {
            assertThat(gateway.log().substring(gatewayLog))
                    .contains("Cannot connect to the broker")
                    .contains(reason);
            assertThat(server.log().substring(serverLog))
                    .contains("No connection to the broker")
                    .contains(reason);
        });
        long start = System.nanoTime();
        HttpResponse<String> refused = get("https", gateway.port(), "/fib/30");
        assertUnavailable(refused, Duration.ofNanos(System.nanoTime() - start));
        assertThat(get("http", managementPort, "/actuator/health").statusCode()).isEqualTo(503);
        assertThat(server.get("/actuator/health/readiness").statusCode()).isEqualTo(503);
    }

    private static void assertUnavailable(HttpResponse<String> response, Duration took) {
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.body()).contains("/problems/broker-unavailable");
        assertThat(took).isLessThan(Fault.LONGEST);
    }

    /** Erlang keeps files that it has read for two minutes. */
    private static void present(String certificate, boolean closeConnections) throws IOException {
        certificates.put("broker", certificate);
        broker.ctl(
                "eval",
                "ssl:clear_pem_cache()"
                        + (closeConnections
                                ? ", [rabbit_networking:close_connection(C, \"test\") || C <- rabbit_networking:connections()]"
                                : "")
                        + ".");
    }

    private static void trust(String... authorities) throws IOException {
        StringBuilder all = new StringBuilder();
        for (String authority : authorities) {
            all.append(Files.readString(certificates.file(authority + ".crt")));
        }
        certificates.put("trusted.crt", all.toString().getBytes(UTF_8));
    }

    private static Map<String, String> settings(String user, String password, int port, boolean certificate)
            throws IOException {
        Path secrets = Files.createTempDirectory(folder, user);
        Files.writeString(secrets.resolve("spring.rabbitmq.password"), password + "\n"); // as Docker mounts it
        Path folders = Files.createDirectories(secrets.resolve("spring/rabbitmq"));
        Files.writeString(folders.resolve("username"), user); // as Kubernetes mounts a secret with that key
        Map<String, String> settings = new HashMap<>();
        settings.put("spring.rabbitmq.addresses", "localhost:" + port);
        settings.put("spring.config.import", "configtree:" + secrets + "/");
        settings.put("spring.rabbitmq.ssl.bundle", "broker");
        settings.put("spring.ssl.bundle.pem.broker.truststore.certificate", "file:" + certificates.file("trusted.crt"));
        settings.put("spring.ssl.bundle.pem.broker.reload-on-update", "true");
        settings.put("spring.ssl.bundle.watch.file.quiet-period", "200ms");
        if (certificate) {
            settings.put(
                    "spring.ssl.bundle.pem.broker.keystore.certificate", "file:" + certificates.file("client.crt"));
            settings.put(
                    "spring.ssl.bundle.pem.broker.keystore.private-key", "file:" + certificates.file("client.key"));
        }
        return settings;
    }

    private static String definitions(Map<String, String> environment) throws Exception {
        ProcessBuilder script = new ProcessBuilder(Documented.PROJECT
                        .resolve("deploy/rabbitmq/definitions")
                        .toString())
                .redirectErrorStream(true);
        script.environment().put("GATEWAY_PASSWORD", GATEWAY_PASSWORD);
        script.environment().put("SERVER_PASSWORD", SERVER_PASSWORD);
        script.environment().putAll(environment);
        Process process = script.start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(output);
        }
        return output;
    }

    private static ConnectionFactory as(String user, String password) {
        ConnectionFactory factory = broker.connectionFactory();
        factory.setUsername(user);
        factory.setPassword(password);
        return factory;
    }

    private static Connection connect(String user, String password) throws Exception {
        return as(user, password).newConnection();
    }

    private static void awaitAnswers() {
        await().atMost(BACK).untilAsserted(() -> assertThat(
                        get("https", gateway.port(), "/fib/30").body())
                .isEqualTo("832040"));
    }

    private static String health() throws Exception {
        return get("http", managementPort, "/actuator/health").body();
    }

    /** By a connection of its own. */
    private static HttpResponse<String> get(String scheme, int port, String path) throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (var certificate = Files.newInputStream(certificates.file("ca.crt"))) {
            trusted.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(certificate));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        HttpClient client = HttpClient.newBuilder().sslContext(tls).build();
        return Http.get(client, URI.create(scheme + "://localhost:" + port + path));
    }
}
