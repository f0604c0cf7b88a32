package com.example.fib.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** Takes spans over OTLP as a trace store does, and reads of the protobuf what a test asks for. */
final class SpanReceiver implements AutoCloseable {

    private static final int STATUS_ERROR = 2;

    /** A span as it was exported; ids in hex, kind as in OpenTelemetry's trace.proto. */
    record Span(
            String service,
            String trace,
            String id,
            String parent,
            String name,
            int kind,
            Map<String, String> attributes,
            boolean failed) {

        static final int SERVER = 2;
        static final int CLIENT = 3;
        static final int PRODUCER = 4;
        static final int CONSUMER = 5;

        boolean isChildOf(Span other) {
            return parent.equals(other.id) && trace.equals(other.trace);
        }
    }

    private final HttpServer http;
    private final List<Span> spans = new CopyOnWriteArrayList<>();

    SpanReceiver() throws IOException {
        http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.createContext("/v1/traces", this::receive);
        http.start();
    }

    String endpoint() {
        return "http://localhost:" + http.getAddress().getPort() + "/v1/traces";
    }

    /** The spans of a trace so far, in the order in which they ended. */
    List<Span> trace(String trace) {
        return spans.stream().filter(span -> span.trace.equals(trace)).toList();
    }

    private void receive(HttpExchange exchange) throws IOException {
        read(exchange.getRequestBody().readAllBytes());
        exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
        exchange.sendResponseHeaders(200, -1);
        exchange.close();
    }

    private void read(byte[] request) {
        for (Message resourceSpans : Message.of(request).messages(1)) {
            String service = attributes(resourceSpans.message(1).messages(1)).getOrDefault("service.name", "");
            for (Message scopeSpans : resourceSpans.messages(2)) {
                for (Message span : scopeSpans.messages(2)) {
                    spans.add(new Span(
                            service,
                            span.hex(1),
                            span.hex(2),
                            span.hex(4),
                            span.text(5),
                            (int) span.number(6),
                            attributes(span.messages(9)),
                            span.message(15).number(3) == STATUS_ERROR));
                }
            }
        }
    }

    /** Those that are text. */
    private static Map<String, String> attributes(List<Message> keyValues) {
        Map<String, String> attributes = new HashMap<>();
        keyValues.forEach(pair -> attributes.put(pair.text(1), pair.message(2).text(1)));
        return attributes;
    }

    @Override
    public void close() {
        http.stop(0);
    }

    /** A message of protobuf: its fields by number, each a Long, or the bytes of a text or a message. */
    private record Message(Map<Integer, List<Object>> fields) {

        static Message of(byte[] bytes) {
            ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            Map<Integer, List<Object>> fields = new HashMap<>();
            while (in.hasRemaining()) {
                int tag = (int) varint(in);
                fields.computeIfAbsent(tag >>> 3, number -> new ArrayList<>()).add(value(tag & 7, in));
            }
            return new Message(fields);
        }

        private static Object value(int wireType, ByteBuffer in) {
            return switch (wireType) {
                case 0 -> varint(in);
                case 1 -> in.getLong();
                case 2 -> take((int) varint(in), in);
                case 5 -> (long) in.getInt();
                default -> throw new IllegalArgumentException("wire type " + wireType);
            };
        }

        private static byte[] take(int length, ByteBuffer in) {
            byte[] bytes = new byte[length];
            in.get(bytes);
            return bytes;
        }

        private static long varint(ByteBuffer in) {
            long value = 0;
            for (int shift = 0; ; shift += 7) {
                byte next = in.get();
                value |= (next & 0x7fL) << shift;
                if (next >= 0) {
                    return value;
                }
            }
        }

        List<Message> messages(int field) {
            return fields.getOrDefault(field, List.of()).stream()
                    .map(bytes -> of((byte[]) bytes))
                    .toList();
        }

        /** An empty one where there is none. */
        Message message(int field) {
            return of(bytes(field));
        }

        String text(int field) {
            return new String(bytes(field), UTF_8);
        }

        String hex(int field) {
            return HexFormat.of().formatHex(bytes(field));
        }

        long number(int field) {
            return (long) fields.getOrDefault(field, List.of(0L)).get(0);
        }

        private byte[] bytes(int field) {
            return (byte[]) fields.getOrDefault(field, List.of(new byte[0])).get(0);
        }
    }
}
