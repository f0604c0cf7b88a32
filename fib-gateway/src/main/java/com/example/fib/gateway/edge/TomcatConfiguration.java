package com.example.fib.gateway.edge;

import com.example.fib.gateway.FibGatewaySettings;
import org.apache.catalina.core.StandardHost;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.filter.RequestContextFilter;

/** What Tomcat does before and around Spring MVC. */
@Configuration(proxyBeanMethods = false)
class TomcatConfiguration {

    /** Threads for callers that wait for a slot, that are refused, and for health checks. */
    private static final int SPARE_THREADS = 64;

    /** What a connection keeps to read and to write, also while it is idle; requests and responses are smaller. In bytes. */
    private static final String BUFFER = "2048";

    /** The dispatcher sets the same for all that reads it here. */
    @Bean
    FilterRegistrationBean<RequestContextFilter> noRequestContextFilter() {
        FilterRegistrationBean<RequestContextFilter> none = new FilterRegistrationBean<>(new RequestContextFilter());
        none.setEnabled(false);
        return none;
    }

    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> tomcat(FibGatewaySettings settings) {
        return factory -> {
            factory.setProtocol(DrainingProtocol.class.getName());
            factory.addConnectorCustomizers(connector -> {
                // On platform threads (JDK 17) the slots must be the limit of calls in flight, not the threads. A long
                // answer
                // holds its thread beyond its slot, and there may be half as many of those.
                String calls = Integer.toString(settings.maxInFlight() + settings.maxInFlight() / 2 + SPARE_THREADS);
                connector.setProperty("maxThreads", calls);
                // 60 KB each; of those beyond it every request makes a new one.
                connector.setProperty("processorCache", calls);
                connector.setProperty("socket.appReadBufSize", BUFFER);
                connector.setProperty("socket.appWriteBufSize", BUFFER);
            });
            factory.addContextCustomizers(context ->
                    ((StandardHost) context.getParent()).setErrorReportValveClass(ProblemReportValve.class.getName()));
        };
    }
}
