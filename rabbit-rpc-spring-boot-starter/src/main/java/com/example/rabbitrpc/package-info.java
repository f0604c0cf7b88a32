/** The types that applications use: how a call ends, what a reply says, how long a call may take. */
@NullMarked
package com.example.rabbitrpc;

import org.jspecify.annotations.NullMarked;
