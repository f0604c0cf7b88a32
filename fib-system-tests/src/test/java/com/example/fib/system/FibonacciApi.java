package com.example.fib.system;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.service.annotation.GetExchange;

/**
 * The gateway as an interface: all that an application needs to call it, for copying. In a Boot application
 * {@code @ImportHttpServices(types = FibonacciApi.class)} makes it a bean; {@link HttpExchangeTests} has it without Boot.
 */
interface FibonacciApi {

    /** A result in JSON. Its value comes as a string, and is a number of any size. */
    record Result(int n, BigInteger value) {}

    /**
     * fib(n).
     *
     * @param prefer such as {@code wait=1}: for how many seconds to wait at most; null for as long as the gateway does
     * @throws org.springframework.web.client.RestClientResponseException for every failure: its body is a {@link
     *     org.springframework.http.ProblemDetail}
     */
    @GetExchange(url = "/fib/{n}", accept = MediaType.APPLICATION_JSON_VALUE)
    Result fibonacci(
            @PathVariable("n") long n, @RequestHeader(name = "Prefer", required = false) @Nullable String prefer);

    /** The digits alone, for those who only pass them on. */
    @GetExchange(url = "/fib/{n}", accept = MediaType.TEXT_PLAIN_VALUE)
    String digits(@PathVariable("n") long n);
}
