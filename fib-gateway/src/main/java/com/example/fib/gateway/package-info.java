@NullMarked
package com.example.fib.gateway;

import org.jspecify.annotations.NullMarked;
