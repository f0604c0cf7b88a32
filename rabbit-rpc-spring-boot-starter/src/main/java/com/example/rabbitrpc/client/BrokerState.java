package com.example.rabbitrpc.client;

/** What calls know about the broker. Health, metrics and refusals use it. */
public enum BrokerState {
    /** Nothing was called yet, so nothing is known. */
    UNUSED,
    /** It has answered within the last 1.5 s, and takes requests. */
    UP,
    /** It takes no requests, as an alarm is on. */
    BLOCKED,
    /** There is no connection, or it does not answer. */
    DOWN
}
