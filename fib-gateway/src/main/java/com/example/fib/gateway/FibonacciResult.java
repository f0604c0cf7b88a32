package com.example.fib.gateway;

/** What the response holds: n, and fib(n) in digits, the reply's own bytes. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record FibonacciResult(long n, byte[] digits) {}
