/** Calls: the template whose calls share one reply channel and end by their deadline. */
@NullMarked
package com.example.rabbitrpc.client;

import org.jspecify.annotations.NullMarked;
