/** The peers: they do what ours does on a good day, and promise nothing else. */
package com.example.fib.bench.peers;
