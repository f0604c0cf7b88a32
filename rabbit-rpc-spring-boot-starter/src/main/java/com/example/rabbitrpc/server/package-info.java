/** Listeners: a container that answers each request once, or says why not. */
@NullMarked
package com.example.rabbitrpc.server;

import org.jspecify.annotations.NullMarked;
