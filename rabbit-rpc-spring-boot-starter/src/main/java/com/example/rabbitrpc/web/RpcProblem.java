package com.example.fib.gateway;

import java.net.URI;
import org.springframework.http.HttpStatus;

/** Every way in which a call can fail, and what its caller sees of it. */
enum Problem {
    INVALID_N("invalid-n", HttpStatus.BAD_REQUEST, "Not a number that can be computed"),
    OVERLOADED("overloaded", HttpStatus.SERVICE_UNAVAILABLE, "Too many calls at once"),
    BROKER_UNAVAILABLE("broker-unavailable", HttpStatus.SERVICE_UNAVAILABLE, "The message broker cannot be reached"),
    NO_SERVER("no-server", HttpStatus.SERVICE_UNAVAILABLE, "No server is taking requests"),
    DEADLINE_EXCEEDED("deadline-exceeded", HttpStatus.GATEWAY_TIMEOUT, "No reply before the deadline"),
    SERVER_ERROR("server-error", HttpStatus.BAD_GATEWAY, "The server failed");

    private final String slug;
    private final URI type;
    private final HttpStatus status;
    private final String title;

    Problem(String slug, HttpStatus status, String title) {
        this.slug = slug;
        this.type = URI.create("/problems/" + slug);
        this.status = status;
        this.title = title;
    }

    /** Its name in metrics, and at the end of its type. */
    String slug() {
        return slug;
    }

    URI type() {
        return type;
    }

    HttpStatus status() {
        return status;
    }

    String title() {
        return title;
    }

    /** Whether the same call may well succeed in a second. */
    boolean isTransient() {
        return status == HttpStatus.SERVICE_UNAVAILABLE;
    }
}
