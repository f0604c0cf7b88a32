package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is deployed to Prometheus, by its own tool. */
class AlertTests {

    private static final String FOLDER = "../deploy/prometheus/";

    @Test
    void fireWhenTheyShouldAndNotOtherwise() {
        assertThat(Prometheus.promtool("check", "config", FOLDER + "prometheus.yml"))
                .contains("SUCCESS");
        assertThat(Prometheus.promtool("test", "rules", FOLDER + "alerts_test.yml"))
                .contains("SUCCESS");
    }
}
