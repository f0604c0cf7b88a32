import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Callers who ask for one small number after another, each waiting for its answer, and end at the first call that fails. Arguments
 * are the address before the number, how many callers, and for how many seconds. Needs a JDK:
 * java Calls.java http://localhost:8080/fib/ 32 40
 */
final class Calls {

    private static final LongAdder answered = new LongAdder();

    private Calls() {}

    /** Prints how many calls were answered by a 200. */
    public static void main(String[] args) throws InterruptedException {
        int callers = Integer.parseInt(args[1]);
        long seconds = Long.parseLong(args[2]);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        var threads = Executors.newFixedThreadPool(callers);
        for (int i = 0; i < callers; i++) {
            threads.execute(() -> callUntil(end, client, args[0]));
        }
        threads.shutdown();
        boolean done = threads.awaitTermination(seconds + 30, TimeUnit.SECONDS);
        System.out.println(answered);
        System.exit(done ? 0 : 1);
    }

    private static void callUntil(long end, HttpClient client, String address) {
        try {
            while (System.nanoTime() < end) {
                call(client, address);
            }
        } catch (IOException | InterruptedException ex) {
            System.err.println("A caller has ended: " + ex);
        }
    }

    private static void call(HttpClient client, String address) throws IOException, InterruptedException {
        int n = ThreadLocalRandom.current().nextInt(91);
        var request = HttpRequest.newBuilder(URI.create(address + n))
                .timeout(Duration.ofSeconds(10))
                .header("Accept", n == 90 ? "application/json" : "*/*")
                .build();
        if (client.send(request, BodyHandlers.discarding()).statusCode() == 200) {
            answered.increment();
        }
    }
}
