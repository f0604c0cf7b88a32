package com.example.rabbitrpc.server;

import com.example.rabbitrpc.RpcStatus;
import java.time.Duration;
import java.util.concurrent.ExecutorService;

/** Counts requests, if the application has Micrometer. */
public interface ServerMetrics {

    /** Counts nothing. */
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

    /** Is called with each queue at the start, so that all counters begin at 0. */
    void serves(String queue);

    /**
     * A request that was answered.
     *
     * @param time how long a worker had it
     */
    void answered(String queue, RpcStatus status, Duration time);

    /** A request that cannot be answered. */
    void dropped(String queue);

    /** The same workers, with metrics. */
    ExecutorService monitored(ExecutorService workers, String queues);
}
