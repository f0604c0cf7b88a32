/** What applications name: how a call ends, what a reply tells, how long a call may take. */
@NullMarked
package com.example.rabbitrpc;

import org.jspecify.annotations.NullMarked;
