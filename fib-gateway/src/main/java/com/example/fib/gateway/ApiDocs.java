package com.example.fib.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.example.rabbitrpc.web.ProblemTypes;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.support.PropertiesLoaderUtils;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** {@code openapi.yaml}, as it is and as JSON, and Swagger UI to read it. */
@RestController
@ConditionalOnBooleanProperty(name = "fib.api-docs.enabled", matchIfMissing = true)
final class ApiDocs implements WebMvcConfigurer {

    private static final ClassPathResource DESCRIPTION = new ClassPathResource("openapi.yaml");

    @GetMapping(path = "/v3/api-docs.yaml", produces = "application/yaml")
    String yaml() throws IOException {
        return DESCRIPTION.getContentAsString(UTF_8);
    }

    @GetMapping(path = "/v3/api-docs", produces = MediaType.APPLICATION_JSON_VALUE)
    Map<String, Object> json(HttpServletRequest request) throws IOException {
        Map<String, Object> description = new Yaml(new SafeConstructor(new LoaderOptions())).load(yaml());
        // Where the caller finds it, whatever stands before.
        description.put("servers", List.of(Map.of("url", ProblemTypes.prefix(request) + "/")));
        return description;
    }

    @GetMapping("/swagger-ui.html")
    ResponseEntity<Void> page(HttpServletRequest request) {
        return ResponseEntity.status(HttpStatus.FOUND)
                .location(URI.create(ProblemTypes.prefix(request) + "/swagger-ui/index.html"))
                .build();
    }

    @Override
    public void addResourceHandlers(ResourceHandlerRegistry registry) {
        try {
            Properties webjar = PropertiesLoaderUtils.loadProperties(
                    new ClassPathResource("META-INF/maven/org.webjars/swagger-ui/pom.properties"));
            // Ours first: which description it reads.
            registry.addResourceHandler("/swagger-ui/*")
                    .addResourceLocations(
                            "classpath:/swagger-ui/",
                            "classpath:/META-INF/resources/webjars/swagger-ui/" + webjar.getProperty("version") + "/");
        } catch (IOException ex) {
            throw new IllegalStateException("Swagger UI is not in this jar", ex);
        }
    }
}
