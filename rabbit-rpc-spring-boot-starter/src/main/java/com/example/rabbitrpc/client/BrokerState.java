package com.example.rabbitrpc.client;

/** What calls know of the broker. Health, metrics and refusals are all said by it. */
public enum BrokerState {
    /** Nothing was called yet, so nothing is known. */
    UNUSED,
    /** It has answered within the last second and a half, and takes requests. */
    UP,
    /** It takes no requests, as an alarm is on. */
    BLOCKED,
    /** There is no connection, or it does not answer. */
    DOWN
}
