package com.example.rabbitrpc.web;

import com.example.rabbitrpc.NoServerException;
import com.example.rabbitrpc.RpcException;
import org.springframework.http.HttpStatus;

/** Every way in which a call can fail, and what an HTTP caller sees. */
public enum RpcProblem {
    /** The server refused the argument. */
    INVALID_ARGUMENT("invalid-argument", HttpStatus.BAD_REQUEST, "Not an argument that can be computed"),
    /** Too many calls at once. */
    OVERLOADED("overloaded", HttpStatus.SERVICE_UNAVAILABLE, "Too many calls at once"),
    /** No connection, or an alarm. */
    BROKER_UNAVAILABLE("broker-unavailable", HttpStatus.SERVICE_UNAVAILABLE, "The message broker cannot be reached"),
    /** No server. */
    NO_SERVER("no-server", HttpStatus.SERVICE_UNAVAILABLE, "No server is taking requests"),
    /** No reply in time. */
    DEADLINE_EXCEEDED("deadline-exceeded", HttpStatus.GATEWAY_TIMEOUT, "No reply before the deadline"),
    /** A server that failed, or a reply that cannot be read. */
    SERVER_ERROR("server-error", HttpStatus.BAD_GATEWAY, "The server failed");

    private final String slug;
    private final HttpStatus status;
    private final String title;

    RpcProblem(String slug, HttpStatus status, String title) {
        this.slug = slug;
        this.status = status;
        this.title = title;
    }

    /** The problem of a failed call. */
    public static RpcProblem of(RpcException failure) {
        return switch (failure.status()) {
            case INVALID_ARGUMENT, OUT_OF_RANGE -> INVALID_ARGUMENT;
            case DEADLINE_EXCEEDED -> DEADLINE_EXCEEDED;
            case RESOURCE_EXHAUSTED -> OVERLOADED;
            case UNAVAILABLE -> failure instanceof NoServerException ? NO_SERVER : BROKER_UNAVAILABLE;
            case OK, INTERNAL -> SERVER_ERROR;
        };
    }

    /** Its name, at the end of its type. */
    public String slug() {
        return slug;
    }

    /** The status of the response. */
    public HttpStatus status() {
        return status;
    }

    /** A short description. */
    public String title() {
        return title;
    }
}
