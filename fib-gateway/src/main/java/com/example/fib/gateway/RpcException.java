package com.example.fib.gateway;

import org.jspecify.annotations.Nullable;

/** A call that failed, with a detail that its caller may read. Without a stack trace: overload must stay cheap. */
final class RpcException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final Problem problem;

    RpcException(Problem problem, String detail) {
        this(problem, detail, null);
    }

    RpcException(Problem problem, String detail, @Nullable Throwable cause) {
        super(detail, cause, false, false);
        this.problem = problem;
    }

    Problem problem() {
        return problem;
    }

    String detail() {
        String detail = getMessage();
        return detail == null ? problem.title() : detail;
    }
}
