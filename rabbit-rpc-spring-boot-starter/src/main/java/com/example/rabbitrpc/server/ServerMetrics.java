package com.example.rabbitrpc.server;

import com.example.rabbitrpc.RpcStatus;
import java.time.Duration;
import java.util.concurrent.ExecutorService;

/** What is counted of requests, where the application has Micrometer. */
public interface ServerMetrics {

    /** Where there is none. */
    ServerMetrics NONE = new ServerMetrics() {
        @Override
        public void serves(String queue) {}

        @Override
        public void answered(String queue, RpcStatus status, Duration time) {}

        @Override
        public void dropped(String queue) {}

        @Override
        public ExecutorService monitored(ExecutorService workers, String queues) {
            return workers;
        }
    };

    /** To be told of each queue at the start, so that what never happens reads as 0. */
    void serves(String queue);

    /**
     * A request that was answered.
     *
     * @param time how long a worker had it
     */
    void answered(String queue, RpcStatus status, Duration time);

    /** A request that no reply can be sent to. */
    void dropped(String queue);

    /** The same workers, watched. */
    ExecutorService monitored(ExecutorService workers, String queues);
}
