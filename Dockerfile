# One recipe for both services: docker build --build-arg SERVICE=fib-server .
# docker-compose.yml builds both.
ARG SERVICE=fib-gateway

FROM maven:3.9-eclipse-temurin-25 AS build
WORKDIR /src
COPY . .
# Both jars at once, so that two images cost one build. Tests and formatting are ./mvnw verify's business.
RUN --mount=type=cache,target=/root/.m2,sharing=locked \
    mvn -B -ntp -pl fib-server,fib-gateway -am package -Dmaven.test.skip=true -Dspotless.check.skip=true
# What changes seldom comes first. Jars, not loose classes: an AOT cache needs them.
RUN for service in fib-server fib-gateway; do \
      java -Djarmode=tools -jar $service/target/$service-*.jar extract --layers \
        --application-filename app.jar --destination /layers/$service || exit 1; \
    done

# What differs between the two.
FROM eclipse-temurin:25-jre AS fib-gateway-base
ENV SERVER_PORT=8080
FROM eclipse-temurin:25-jre AS fib-server-base
ENV SERVER_PORT=8081

FROM ${SERVICE}-base
ARG SERVICE
RUN groupadd --gid 10001 fib && useradd --uid 10001 --gid fib --no-create-home --home-dir /app --shell /usr/sbin/nologin fib
WORKDIR /app
COPY --from=build /layers/${SERVICE}/dependencies/ ./
COPY --from=build /layers/${SERVICE}/spring-boot-loader/ ./
COPY --from=build /layers/${SERVICE}/snapshot-dependencies/ ./
COPY --from=build /layers/${SERVICE}/application/ ./
# Starts once up to where it would connect, and keeps the loaded classes: the next start takes half the time.
# The JVM says nothing of a cache that it does not take. The second command fails there. Flags as in ENTRYPOINT: a test holds that.
RUN --mount=type=tmpfs,target=/tmp \
    java -XX:AOTCacheOutput=app.aot -XX:+UseSerialGC -XX:+UseCompactObjectHeaders -Dspring.context.exit=onRefresh -jar app.jar \
    && java -XX:AOTCache=app.aot -XX:+UseSerialGC -XX:+UseCompactObjectHeaders -XX:AOTMode=on -cp app.jar -version

EXPOSE ${SERVER_PORT}
USER 10001:10001
# Without curl, which the image does not have.
HEALTHCHECK --interval=5s --timeout=3s --start-period=120s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${MANAGEMENT_SERVER_PORT:-$SERVER_PORT} && printf 'GET /actuator/health/readiness HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r -t 2 -u 3 _ status _ && [ \"$status\" = 200 ]"]
# Further JVM flags: JDK_JAVA_OPTIONS. The heap leaves room for threads, buffers and classes within the container's limit; a call's
# objects die young, so they have a fixed part of it; and what compiling took is given back.
ENTRYPOINT ["java", "-XX:AOTCache=app.aot", "-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders", "-XX:MaxRAMPercentage=40", "-Xmn32m", "-XX:TrimNativeHeapInterval=5000", "-XX:+ExitOnOutOfMemoryError", "-jar", "app.jar"]
