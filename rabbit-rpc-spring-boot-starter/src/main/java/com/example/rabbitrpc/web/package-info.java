/** Failures of calls as problems (RFC 9457), for applications with Spring MVC. */
@NullMarked
package com.example.rabbitrpc.web;

import org.jspecify.annotations.NullMarked;
