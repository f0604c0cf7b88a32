/** What hardens HTTP, and has nothing to do with RPC. */
@NullMarked
package com.example.fib.gateway.edge;

import org.jspecify.annotations.NullMarked;
