package com.example.rabbitrpc.client;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The last calls that ended and may still get a reply: those without one, and those that were sent twice. A call that goes as
 * it should is not among them, so they cost it nothing.
 */
final class EndedCalls {

    private static final int REMEMBERED = 500;

    /** What there is to say of a reply that no call waits for. */
    enum Reply {
        /** To a call that has failed, mostly at its deadline. */
        LATE,
        /** The other one to a call that was sent twice. */
        SECOND,
        /** Never asked for, or so long ago that it is forgotten, or a second one to a call that was sent once. */
        UNKNOWN;

        /** Its name in metrics and traces. */
        String tag() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A call that has ended.
     *
     * @param answered whether by a reply
     * @param trace its trace, null where it had none
     */
    record Call(boolean answered, CallTracing.@Nullable Trace trace) {

        Reply next() {
            return answered ? Reply.SECOND : Reply.LATE;
        }
    }

    private final Map<String, Call> calls = Collections.synchronizedMap(new Latest());

    void add(String correlationId, Call call) {
        calls.put(correlationId, call);
    }

    @Nullable
    Call find(@Nullable String correlationId) {
        return correlationId == null ? null : calls.get(correlationId);
    }

    private static final class Latest extends LinkedHashMap<String, Call> {

        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Call> eldest) {
            return size() > REMEMBERED;
        }
    }
}
