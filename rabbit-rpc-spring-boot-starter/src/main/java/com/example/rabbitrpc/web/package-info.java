/** Failures of calls as RFC 9457 has them, for applications with Spring MVC. */
@NullMarked
package com.example.rabbitrpc.web;

import org.jspecify.annotations.NullMarked;
