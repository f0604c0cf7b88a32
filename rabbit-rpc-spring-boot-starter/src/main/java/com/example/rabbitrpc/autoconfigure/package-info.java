/** What Spring Boot sets up. No other package of this library knows Spring Boot. */
@NullMarked
package com.example.rabbitrpc.autoconfigure;

import org.jspecify.annotations.NullMarked;
