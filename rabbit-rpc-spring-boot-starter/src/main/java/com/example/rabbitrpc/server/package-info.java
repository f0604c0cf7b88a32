/** Listeners: a container that answers each request once, or drops it with a line in the log. */
@NullMarked
package com.example.rabbitrpc.server;

import org.jspecify.annotations.NullMarked;
