package com.example.fib.gateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.util.DigestUtils;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistration;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.resource.PathResourceResolver;

/** The page at {@code /}, and for each problem a page on its cause and cure at its type: files of this jar. */
@Configuration(proxyBeanMethods = false)
class Pages implements WebMvcConfigurer {

    @Override
    public void addResourceHandlers(ResourceHandlerRegistry registry) {
        revalidated(registry.addResourceHandler("/index.html", "/page.css", "/page.js"), "classpath:/static/");
        revalidated(registry.addResourceHandler("/problems/*"), "classpath:/problems/")
                .resourceChain(true)
                .addResolver(new WithoutSuffix());
    }

    /** By a tag of what they hold: a jar's times are those of its commit, or the same for all builds. */
    private static ResourceHandlerRegistration revalidated(ResourceHandlerRegistration files, String location) {
        return files.addResourceLocations(location)
                .setCacheControl(CacheControl.noCache())
                .setUseLastModified(false)
                .setEtagGenerator(Pages::tag);
    }

    private static String tag(Resource file) {
        try {
            return '"' + DigestUtils.md5DigestAsHex(file.getContentAsByteArray()) + '"';
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** {@code /problems/no-server} is {@code no-server.html}, and nothing else is there. */
    private static final class WithoutSuffix extends PathResourceResolver {

        @Override
        protected @Nullable Resource getResource(String path, Resource location) throws IOException {
            return super.getResource(path + ".html", location);
        }
    }
}
