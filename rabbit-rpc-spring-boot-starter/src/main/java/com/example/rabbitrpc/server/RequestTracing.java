package com.example.rabbitrpc.server;

import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.MessageProperties;

/** The span of a request, if the application has tracing. */
public interface RequestTracing {

    /** No tracing. */
    RequestTracing NONE = new RequestTracing() {
        @Override
        public void run(MessageProperties request, Runnable work) {
            work.run();
        }

        @Override
        public void failed(String type, @Nullable Throwable cause) {}
    };

    /** Runs the work within a span that continues the caller's trace. */
    void run(MessageProperties request, Runnable work);

    /** Marks the span of this thread's request as failed. */
    void failed(String type, @Nullable Throwable cause);
}
