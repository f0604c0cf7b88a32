package com.example.fib.system;

import java.time.Duration;

/** What can be done to the network between a service and its broker. */
interface Toxics {

    /** Connections stay and are accepted, and nothing passes. What was sent meanwhile passes once it is off. */
    void blackhole();

    /** Resets the connections that there are. */
    void reset();

    /** Delays everything, each way. */
    void latency(Duration delay);

    /** Cuts everything into packets of one byte. */
    void slice();

    /** Mends the network. */
    void off();
}
