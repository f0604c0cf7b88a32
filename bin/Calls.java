import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Callers who ask a gateway for one small number after another, over connections that they keep. Arguments are its port, the path
 * before the number, how many callers, and for how many seconds. Needs a JDK: java Calls.java 8080 /fib/ 32 40
 */
final class Calls {

    private static final LongAdder answered = new LongAdder();

    private final int port;
    private final String path;
    private final long end;

    private Calls(int port, String path, long end) {
        this.port = port;
        this.path = path;
        this.end = end;
    }

    /** Prints how many calls were answered by a 200. */
    public static void main(String[] args) throws InterruptedException {
        int callers = Integer.parseInt(args[2]);
        long seconds = Long.parseLong(args[3]);
        Calls calls = new Calls(Integer.parseInt(args[0]), args[1], System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds));
        var threads = Executors.newFixedThreadPool(callers);
        for (int i = 0; i < callers; i++) {
            threads.execute(calls::make);
        }
        threads.shutdown();
        boolean done = threads.awaitTermination(seconds + 30, TimeUnit.SECONDS);
        System.out.println(answered);
        System.exit(done ? 0 : 1);
    }

    private void make() {
        while (System.nanoTime() < end) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setSoTimeout(10_000);
                InputStream response = new BufferedInputStream(socket.getInputStream());
                boolean open = true;
                while (open && System.nanoTime() < end) {
                    int n = ThreadLocalRandom.current().nextInt(91);
                    String accept = n == 90 ? "application/json" : "*/*";
                    String request = "GET " + path + n + " HTTP/1.1\r\nHost: localhost\r\nAccept: " + accept + "\r\n\r\n";
                    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
                    open = read(response);
                }
            } catch (IOException ex) {
                // A connection less; what counts is how many answers there are in all.
            }
        }
    }

    /** Whether the connection stays open. */
    private static boolean read(InputStream response) throws IOException {
        boolean ok = line(response).startsWith("http/1.1 200");
        boolean open = true;
        int length = 0;
        for (String header = line(response); !header.isEmpty(); header = line(response)) {
            if (header.startsWith("content-length:")) {
                length = Integer.parseInt(header.substring("content-length:".length()).strip());
            }
            open &= !header.equals("connection: close");
        }
        if (response.readNBytes(length).length == length && ok) {
            answered.increment();
        }
        return open;
    }

    private static String line(InputStream response) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = response.read(); next != '\n'; next = response.read()) {
            if (next < 0) {
                throw new IOException("The connection has ended");
            }
            line.append((char) next);
        }
        return line.toString().strip().toLowerCase(Locale.ROOT);
    }
}
