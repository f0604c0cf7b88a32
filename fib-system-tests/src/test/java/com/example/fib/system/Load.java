package com.example.fib.system;

import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Callers in closed loops, each with a connection and a short pause between its calls; every answer is compared with
 * the digits of fib(n). They wait far longer than any deadline, so that a call without a status shows.
 */
final class Load implements AutoCloseable {

    static final int CALLERS = 32;
    static final Duration PAUSE = Duration.ofMillis(50);
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final long TICK = 10_000_000;
    private static final Pattern TYPE = Pattern.compile("\"type\":\"(?:[^\"]*[/:])?([^\"/:]+)\"");
    /** Cheap ones. */
    static final List<Integer> NUMBERS = IntStream.range(0, 5_000).boxed().toList();

    private final Queue<Call> calls = new ConcurrentLinkedQueue<>();
    private final List<Thread> callers = new ArrayList<>();
    private final AtomicInteger next = new AtomicInteger();
    private final HttpCaller.Entrance entrance;
    private final List<Integer> numbers;
    private final long pause;
    private volatile long stall;
    private volatile boolean over;

    private Load(HttpCaller.Entrance entrance, Duration pause, List<Integer> numbers) {
        this.entrance = entrance;
        this.numbers = numbers;
        this.pause = pause.toNanos();
    }

    /** 32 callers, each about 20 calls a second at most. */
    static Load on(int port) {
        return on(port, CALLERS, PAUSE, NUMBERS);
    }

    /** So many callers; their n rotate through the numbers given. */
    static Load on(int port, int callers, Duration pause, List<Integer> numbers) {
        return on(HttpCaller.Entrance.plain(port), callers, pause, numbers);
    }

    static Load on(HttpCaller.Entrance entrance, int callers, Duration pause, List<Integer> numbers) {
        Load load = new Load(entrance, pause, numbers);
        for (int i = 0; i < callers; i++) {
            Thread caller = new Thread(load::run, "caller-" + i);
            caller.setDaemon(true);
            load.callers.add(caller);
        }
        load.callers.add(new Thread(load::watchTheMachine, "metronome"));
        load.callers.forEach(Thread::start);
        return load;
    }

    private void run() {
        try (HttpCaller http = new HttpCaller(entrance, PATIENCE)) {
            while (!over) {
                int n = numbers.get(Math.floorMod(next.getAndIncrement(), numbers.size()));
                http.closeIfEnded();
                calls.add(call(http, n));
                LockSupport.parkNanos(pause);
            }
        }
    }

    /** A machine that is busy with other things makes every call look long. */
    private void watchTheMachine() {
        while (!over) {
            long start = System.nanoTime();
            LockSupport.parkNanos(TICK);
            stall = Math.max(stall, System.nanoTime() - start - TICK);
        }
    }

    /** How much later than it asked for a thread that only sleeps was woken, at most. */
    Duration longestStall() {
        return Duration.ofNanos(stall);
    }

    private static Call call(HttpCaller http, int n) {
        long start = System.nanoTime();
        try {
            http.connect();
            HttpCaller.Answer answer = http.get("/fib/" + n);
            long nanos = System.nanoTime() - start;
            boolean wrong = answer.status() == 200 && !answer.body().equals(Digits.of(n));
            return new Call(start, nanos, answer.status(), type(answer), wrong);
        } catch (ConnectException ex) {
            http.close();
            return new Call(start, System.nanoTime() - start, 0, Call.REFUSED, false);
        } catch (IOException | RuntimeException ex) {
            http.close();
            return new Call(start, System.nanoTime() - start, 0, String.valueOf(ex.getMessage()), false);
        }
    }

    private static String type(HttpCaller.Answer answer) {
        Matcher type = TYPE.matcher(answer.status() == 200 ? "" : answer.body());
        return type.find() ? type.group(1) : "";
    }

    /** The calls that have ended so far. */
    List<Call> calls() {
        return List.copyOf(calls);
    }

    /** Lets the calls that are under way end, and starts no more. */
    @Override
    public void close() {
        over = true;
        for (Thread caller : callers) {
            try {
                caller.join(PATIENCE.plusSeconds(10).toMillis());
            } catch (InterruptedException ex) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
