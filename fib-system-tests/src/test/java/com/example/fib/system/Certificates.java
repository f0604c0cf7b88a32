package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** Keys and certificates by the JDK's keytool, in a folder: NAME.crt and NAME.key, as PEM. */
final class Certificates {

    private static final String PASSWORD = "changeit";

    private final Path folder;

    Certificates(Path folder) {
        this.folder = folder;
    }

    Certificates authority(String name) throws Exception {
        return make(name, "-ext", "bc=ca:true");
    }

    Certificates issue(String name, String authority, String... options) throws Exception {
        List<String> all = new ArrayList<>(List.of("-signer", authority));
        all.addAll(List.of(options));
        return make(name, all.toArray(String[]::new));
    }

    private Certificates make(String name, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-J-XX:TieredStopAtLevel=1"));
        command.addAll(List.of("-genkeypair", "-keystore", store().toString(), "-storepass", PASSWORD, "-alias", name));
        command.addAll(List.of("-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=" + name));
        command.addAll(List.of(options));
        Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(keytool.getInputStream().readAllBytes(), UTF_8);
        if (!keytool.waitFor(30, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
            throw new IllegalStateException(command + " failed: " + output);
        }
        write(name);
        return this;
    }

    private void write(String name) throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance(store().toFile(), PASSWORD.toCharArray());
        pem("CERTIFICATE", keys.getCertificate(name).getEncoded(), file(name + ".crt"));
        byte[] key = keys.getKey(name, PASSWORD.toCharArray()).getEncoded();
        pem("PRIVATE KEY", Objects.requireNonNull(key), file(name + ".key"));
    }

    private static void pem(String kind, byte[] content, Path file) throws IOException {
        String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        Files.writeString(file, "-----BEGIN " + kind + "-----\n" + lines + "\n-----END " + kind + "-----\n");
    }

    /** What is named so becomes a copy of another's key and certificate, each at once, as it is to be done. */
    Certificates put(String name, String other) throws IOException {
        for (String kind : List.of(".key", ".crt")) {
            put(name + kind, Files.readAllBytes(file(other + kind)));
        }
        return this;
    }

    void put(String name, byte[] content) throws IOException {
        Path fresh = Files.write(file(name + ".new"), content);
        Files.move(fresh, file(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    Path file(String name) {
        return folder.resolve(name);
    }

    private Path store() {
        return file("keys.p12");
    }
}
