/** The benchmark: starts the stacks, loads them in turn, and compares what they cost. */
package com.example.fib.bench;
