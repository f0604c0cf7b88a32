package com.example.fib.system;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.awaitility.Awaitility;

/** HAProxy before two gateways, with the configuration that is deployed, and secrets by {@code bin/cluster}. */
final class LoadBalancer implements AutoCloseable {

    private static final DebianPackage PACKAGE = new DebianPackage("haproxy");
    private static final Pattern CERTIFICATE =
            Pattern.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", Pattern.DOTALL);

    private final Process process;
    private final Path log;
    private final Path secrets;
    private final int port;
    private final HttpClient http;

    LoadBalancer(Path secrets, int gatewayPort, int otherGatewayPort, int callsPerSecond) {
        this(secrets, gatewayPort, otherGatewayPort, Map.of("CALLS_PER_SECOND", Integer.toString(callsPerSecond)));
    }

    /** With further variables of its environment. */
    LoadBalancer(Path secrets, int gatewayPort, int otherGatewayPort, Map<String, String> environment) {
        this.secrets = secrets;
        this.port = DebianPackage.freePort();
        this.http = HttpClient.newBuilder().sslContext(trust(secrets)).build();
        ProcessBuilder haproxy = PACKAGE.program(
                "haproxy",
                "-db",
                "-f",
                Documented.PROJECT.resolve("deploy/haproxy/haproxy.cfg").toString());
        haproxy.environment().put("LISTEN", "127.0.0.1:" + port);
        haproxy.environment().put("HEALTH_LISTEN", "127.0.0.1:" + DebianPackage.freePort());
        haproxy.environment().put("SECRETS", secrets.toString());
        haproxy.environment().put("GATEWAY_1", "127.0.0.1:" + gatewayPort);
        haproxy.environment().put("GATEWAY_2", "127.0.0.1:" + otherGatewayPort);
        haproxy.environment().putAll(environment);
        try {
            log = Files.createTempFile("fib-haproxy-", ".log");
            process = haproxy.redirectOutput(log.toFile()).start();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(this::listens);
    }

    private boolean listens() {
        if (!process.isAlive()) {
            throw new IllegalStateException("haproxy has ended:\n" + log());
        }
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException ex) {
            return false;
        }
    }

    /** Makes secrets in a folder, with a client of its own beside the one that is always made, and returns that one's token. */
    static String makeSecrets(Path folder, String client) {
        cluster("secrets", "--dir", folder.toString());
        return cluster("token", client, "--dir", folder.toString()).strip();
    }

    private static String cluster(String... arguments) {
        ProcessBuilder script = new ProcessBuilder(arguments).directory(Documented.PROJECT.toFile());
        script.command().add(0, "bin/cluster");
        return DebianPackage.run(script.redirectErrorStream(true));
    }

    /** The way in for load, with the token that is made for trying. */
    static HttpCaller.Entrance entrance(Path secrets, int port) {
        return new HttpCaller.Entrance(
                port,
                trust(secrets).getSocketFactory(),
                "Authorization: Bearer " + Documented.text(secrets.resolve("token")) + "\r\n");
    }

    HttpCaller.Entrance entrance() {
        return entrance(secrets, port);
    }

    /** One that trusts the certificate among the secrets, and no other. */
    private static SSLContext trust(Path secrets) {
        Matcher certificate = CERTIFICATE.matcher(Documented.text(secrets.resolve("tls.pem")));
        if (!certificate.find()) {
            throw new IllegalStateException("no certificate in tls.pem");
        }
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setCertificateEntry(
                    "tls",
                    CertificateFactory.getInstance("X.509")
                            .generateCertificate(
                                    new ByteArrayInputStream(certificate.group().getBytes(US_ASCII))));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException ex) {
            throw new IllegalStateException(ex);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    HttpResponse<String> get(String path, String... headers) {
        return Http.get(http, URI.create("https://localhost:" + port + path), headers);
    }

    int port() {
        return port;
    }

    String log() {
        return Documented.text(log);
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
            Files.deleteIfExists(log);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }
}
