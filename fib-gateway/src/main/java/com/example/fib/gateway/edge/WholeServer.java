package com.example.fib.gateway.edge;

import org.apache.coyote.ActionCode;
import org.apache.coyote.Adapter;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.tomcat.util.net.SocketEvent;

/**
 * What {@code OPTIONS *} says of the whole server: the methods that there are. Tomcat would name those that it knows. And what it
 * says of heads that it refuses ({@link RefusedHeads}).
 */
final class WholeServer implements Adapter {

    private final Adapter tomcat;

    WholeServer(Adapter tomcat) {
        this.tomcat = tomcat;
    }

    @Override
    public void service(Request request, Response response) throws Exception {
        if (request.requestURI().equals("*") && request.getMethod().equals("OPTIONS")) {
            response.setStatus(200);
            response.setHeader("Allow", "GET, HEAD, OPTIONS");
            response.setContentLength(0);
            response.action(ActionCode.CLOSE, null);
            tomcat.log(request, response, 0);
            return;
        }
        RefusedHeads.name(request, response);
        tomcat.service(request, response);
    }

    @Override
    public boolean prepare(Request request, Response response) throws Exception {
        return tomcat.prepare(request, response);
    }

    @Override
    public boolean asyncDispatch(Request request, Response response, SocketEvent event) throws Exception {
        return tomcat.asyncDispatch(request, response, event);
    }

    @Override
    public void log(Request request, Response response, long time) {
        tomcat.log(request, response, time);
    }

    @Override
    public void checkRecycled(Request request, Response response) {
        tomcat.checkRecycled(request, response);
    }

    @Override
    public String getDomain() {
        return tomcat.getDomain();
    }
}
