package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.example.fib.gateway.edge.LongAnswers;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpInputMessage;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.MediaType;
import org.springframework.http.converter.AbstractHttpMessageConverter;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.stereotype.Component;

/**
 * Writes a result as bare digits or as JSON. The digits go from the reply into the response as the bytes they are:
 * never parsed as a number, never copied into a string.
 */
@Component
final class FibonacciResultConverter extends AbstractHttpMessageConverter<FibonacciResult> {

    FibonacciResultConverter() {
        super(MediaType.TEXT_PLAIN, MediaType.APPLICATION_JSON);
    }

    @Override
    protected boolean supports(Class<?> type) {
        return type == FibonacciResult.class;
    }

    @Override
    public boolean canRead(Class<?> type, @Nullable MediaType mediaType) {
        return false;
    }

    @Override
    protected FibonacciResult readInternal(Class<? extends FibonacciResult> type, HttpInputMessage input) {
        throw new HttpMessageNotReadableException("A result is only written", input);
    }

    @Override
    protected Long getContentLength(FibonacciResult result, @Nullable MediaType contentType) {
        int digits = result.digits().length;
        return isJson(contentType) ? before(result).length + digits + AFTER.length : (long) digits;
    }

    @Override
    protected void writeInternal(FibonacciResult result, HttpOutputMessage output) throws IOException {
        byte[] digits = result.digits();
        OutputStream body = output.getBody();
        if (isJson(output.getHeaders().getContentType())) {
            body.write(before(result));
            LongAnswers.write(digits, body);
            body.write(AFTER);
        } else {
            LongAnswers.write(digits, body);
        }
    }

    private static final byte[] AFTER = "\"}".getBytes(US_ASCII);

    private static byte[] before(FibonacciResult result) {
        return ("{\"n\":" + result.n() + ",\"value\":\"").getBytes(US_ASCII);
    }

    private static boolean isJson(@Nullable MediaType type) {
        return MediaType.APPLICATION_JSON.isCompatibleWith(type);
    }
}
