@NullMarked
package com.example.fib.broker;

import org.jspecify.annotations.NullMarked;
