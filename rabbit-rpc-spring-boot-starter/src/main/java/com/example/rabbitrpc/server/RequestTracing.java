package com.example.rabbitrpc.server;

import org.jspecify.annotations.Nullable;
import org.springframework.amqp.core.MessageProperties;

/** The span around a request, where the application has tracing. */
public interface RequestTracing {

    /** Where there is no tracing. */
    RequestTracing NONE = new RequestTracing() {
        @Override
        public void run(MessageProperties request, Runnable work) {
            work.run();
        }

        @Override
        public void failed(String type, @Nullable Throwable cause) {}
    };

    /** Works within a span that continues the trace of the caller. */
    void run(MessageProperties request, Runnable work);

    /** Marks the span of this thread's request as failed. */
    void failed(String type, @Nullable Throwable cause);
}
