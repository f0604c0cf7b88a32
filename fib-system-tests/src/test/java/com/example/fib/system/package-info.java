@NullMarked
package com.example.fib.system;

import org.jspecify.annotations.NullMarked;
