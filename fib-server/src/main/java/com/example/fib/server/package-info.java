@NullMarked
package com.example.fib.server;

import org.jspecify.annotations.NullMarked;
