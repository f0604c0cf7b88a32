package com.example.fib.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Requests by the JDK's client, for tests that expect a response: there being none is a failure. */
final class Http {

    static final HttpClient CLIENT = HttpClient.newHttpClient();

    private Http() {}

    /** With headers as names and values by turns. */
    static HttpResponse<String> get(HttpClient client, URI uri, String... headers) {
        HttpRequest.Builder request = request(uri);
        return send(client, (headers.length == 0 ? request : request.headers(headers)).build());
    }

    /** One that waits for 20 s. */
    static HttpRequest.Builder request(URI uri) {
        return HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(20));
    }

    static HttpResponse<String> send(HttpClient client, HttpRequest request) {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ex);
        }
    }
}
