package com.example.rabbitrpc.server.oldbroker;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Address;
import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.ConcurrentLruCache;

/**
 * Replies to direct reply-to addresses over which the broker may close the connection. RabbitMQ 3.10 does so when the address names
 * a node that it does not know: it is forged, or the node is gone. So the first reply to each node goes by
 * a separate connection. All others do not wait.
 *
 * <p>One thread tries one node after the other, first the one that most replies wait for. After a lost connection it pauses, so
 * that forged addresses cost the broker at most {@value #LOST_EACH_SECOND} connections a second. Replies beyond its capacity
 * are refused.
 */
public final class ReplyTrials implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ReplyTrials.class);

    private static final int LOST_EACH_SECOND = 20;
    private static final int MAX_WAITING = 8;
    private static final int REMEMBERED = 1_000;
    private static final long REFUSED_NANOS = Duration.ofSeconds(10).toNanos();

    /** A reply on its way. Its methods are called on this class's thread, one of the last three once; they never throw. */
    public interface Attempt {

        BasicProperties properties();

        byte[] body();

        /** It is sent. */
        void sent();

        /** The broker does not survive it. */
        void refused();

        /** The broker survives it, or it could not be tried: it is to be published as any other. */
        void unsent();
    }

    private final TrialConnection connection;
    private final Thread thread;

    /** Of callers' addresses, as each has one for all of its calls; empty where one is not well-formed. */
    private final ConcurrentLruCache<String, String> families = new ConcurrentLruCache<>(
            REMEMBERED, address -> Objects.requireNonNullElse(DirectReplyAddress.family(address), ""));

    /** All of these by their families, and guarded by this. */
    private final Map<String, Boolean> survived = new Recent<>();

    private final Map<String, Long> refused = new Recent<>();
    private final Map<String, List<Waiting>> waiting = new LinkedHashMap<>();

    private boolean closed;

    private record Waiting(String address, Attempt attempt) {}

    /** @param nodes where to connect, asked at each connection */
    public ReplyTrials(ConnectionFactory connectionFactory, Supplier<List<Address>> nodes, String name) {
        this.connection = new TrialConnection(connectionFactory, nodes, name);
        this.thread = new Thread(this::run, "rpc-reply-trials");
        thread.setDaemon(true);
        thread.start();
    }

    /** Forgets all results: an address may have been the reason why the last connection of requests was lost. */
    public synchronized void forget() {
        survived.clear();
    }

    /** Whether the connection is known to survive this address, or it is no direct reply-to address. */
    public boolean isKnown(String address) {
        if (!address.startsWith(DirectReplyAddress.PREFIX)) {
            return true;
        }
        String family = families.get(address);
        synchronized (this) {
            return survived.containsKey(family);
        }
    }

    /** Tries it, later. */
    public void submit(String address, Attempt attempt) {
        List<Waiting> evicted = null;
        synchronized (this) {
            String family = families.get(address);
            Long until = refused.get(family);
            if (family.isEmpty() || closed || (until != null && until - System.nanoTime() > 0)) {
                evicted = List.of(new Waiting(address, attempt));
            } else {
                waiting.computeIfAbsent(family, key -> new ArrayList<>()).add(new Waiting(address, attempt));
                if (waiting.size() > MAX_WAITING) {
                    evicted = waiting.remove(smallest());
                }
                notifyAll();
            }
        }
        if (evicted != null) {
            evicted.forEach(reply -> reply.attempt.refused());
        }
    }

    /** The oldest of those that fewest wait for. */
    private String smallest() {
        return waiting.entrySet().stream()
                .reduce((a, b) -> b.getValue().size() < a.getValue().size() ? b : a)
                .orElseThrow()
                .getKey();
    }

    /** The newest of those that most wait for. */
    private synchronized @Nullable String next() throws InterruptedException {
        while (waiting.isEmpty() && !closed) {
            wait();
        }
        return waiting.entrySet().stream()
                .reduce((a, b) -> b.getValue().size() >= a.getValue().size() ? b : a)
                .map(Map.Entry::getKey)
                .orElse(null);
    }

    private void run() {
        try (connection) {
            for (String family = next(); family != null; family = next()) {
                if (!goesOn(family)) {
                    TimeUnit.MILLISECONDS.sleep(1_000 / LOST_EACH_SECOND);
                }
            }
        } catch (InterruptedException ex) {
            log.debug("No more replies", ex); // Closed.
        }
    }

    private boolean goesOn(String family) {
        try {
            return attempt(family);
        } catch (Throwable ex) {
            // Replies to new nodes wait for this thread.
            log.error("Trying a reply address failed, and goes on", ex);
            return false;
        }
    }

    /** @return false if it cost the connection */
    private boolean attempt(String family) {
        Waiting first;
        synchronized (this) {
            List<Waiting> replies = waiting.get(family);
            if (replies == null || replies.isEmpty()) {
                waiting.remove(family);
                return true;
            }
            first = replies.remove(0);
        }
        boolean tried;
        try {
            tried = connection.publish(first.address, first.attempt.properties(), first.attempt.body());
        } catch (IOException ex) {
            List<Waiting> others = settle(family, refused, System.nanoTime() + REFUSED_NANOS);
            first.attempt.refused();
            others.forEach(reply -> reply.attempt.refused());
            return false;
        }
        List<Waiting> others = tried ? settle(family, survived, true) : settle(family, null, true);
        if (tried) {
            first.attempt.sent();
        } else {
            first.attempt.unsent();
        }
        others.forEach(reply -> reply.attempt.unsent());
        return true;
    }

    /** Remembers how it went, and returns who waited for that. */
    private synchronized <T> List<Waiting> settle(String family, @Nullable Map<String, T> memory, T outcome) {
        if (memory != null) {
            memory.put(family, outcome);
        }
        List<Waiting> others = waiting.remove(family);
        return others == null ? List.of() : others;
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        thread.interrupt();
    }

    private static final class Recent<T> extends LinkedHashMap<String, T> {

        private static final long serialVersionUID = 1L;

        Recent() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, T> eldest) {
            return size() > REMEMBERED;
        }
    }
}
