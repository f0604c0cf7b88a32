package com.example.fib.gateway;

/** What the response holds: n, and the reply with fib(n)'s digits. */
record FibonacciResult(long n, FibonacciReply reply) {}
