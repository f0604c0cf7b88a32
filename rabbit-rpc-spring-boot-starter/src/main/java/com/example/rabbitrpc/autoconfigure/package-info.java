/** The beans that Spring Boot creates. No other package of this library uses Spring Boot. */
@NullMarked
package com.example.rabbitrpc.autoconfigure;

import org.jspecify.annotations.NullMarked;
