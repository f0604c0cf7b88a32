package com.example.fib.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.example.fib.broker.TestBroker;
import com.jayway.jsonpath.JsonPath;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.FileSystemUtils;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.databind.json.JsonMapper;

/** deploy/kubernetes, built by kustomize: right by Kubernetes' types and KEDA's schemas, and in step with the services. */
class KubernetesTests {

    /** The library's, which docs/operations.md names. */
    private static final int PREFETCH_FOR_EACH_WORKER = 4;

    private static final String OVERLAY = "overlays/production";
    private static final List<Map<String, Object>> built = Kustomize.build(Kustomize.DEPLOY.resolve(OVERLAY));
    private static final Map<String, Class<?>> TYPES = Map.of(
            "v1/Namespace", Namespace.class,
            "v1/Service", Service.class,
            "apps/v1/Deployment", Deployment.class,
            "policy/v1/PodDisruptionBudget", PodDisruptionBudget.class,
            "networking.k8s.io/v1/NetworkPolicy", NetworkPolicy.class);
    private static final Map<String, Object> compose = Kustomize.yaml(
                    Documented.text(Documented.PROJECT.resolve("docker-compose.yml")))
            .get(0);

    /** Refuses what its types do not have; theirs keep it aside by themselves. */
    private static final JsonMapper strict = JsonMapper.builder()
            .annotationIntrospector(new JacksonAnnotationIntrospector() {
                @Override
                public Boolean hasAnySetter(MapperConfig<?> config, Annotated annotated) {
                    return false;
                }
            })
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    @Test
    void isWhatKubernetesAndKedaKnow() {
        Set<String> kinds = new TreeSet<>();
        for (Map<String, Object> object : built) {
            String kind = kind(object);
            kinds.add(kind);
            Class<?> type = TYPES.get(kind);
            if (type != null) {
                assertThat(strict.convertValue(object, type)).isNotNull();
            }
            assertThat(JsonPath.<String>read(object, "$.metadata.name")).isNotBlank();
            if (type != Namespace.class) {
                assertThat(JsonPath.<String>read(object, "$.metadata.namespace"))
                        .isEqualTo("fib");
            }
        }
        // What has neither types nor a schema is told in docs/kubernetes.md.
        kinds.removeAll(TYPES.keySet());
        assertThat(kinds)
                .containsExactly(
                        "keda.sh/v1alpha1/ScaledObject",
                        "keda.sh/v1alpha1/TriggerAuthentication",
                        "rabbitmq.com/v1beta1/Permission",
                        "rabbitmq.com/v1beta1/RabbitmqCluster",
                        "rabbitmq.com/v1beta1/User");
        assertThat(Kustomize.invalid(keda())).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "Deployment, $.spec, replica",
        "Deployment, $.spec.template.spec, terminationGraceSeconds",
        "Deployment, $.spec.template.spec.containers[0].readinessProbe.httpGet, pth",
        "Deployment, $.spec.template.spec.containers[0].securityContext, readOnlyRootFileSystem",
        "Deployment, $.spec.template.spec.topologySpreadConstraints[0], maxskew",
        "NetworkPolicy, $.spec, egres",
        "PodDisruptionBudget, $.spec, maxUnavailible",
        "Service, $.spec, ports2"
    })
    void refusesATypo(String kind, String path, String typo) {
        Map<String, Object> object = copy(first(kind));
        JsonPath.parse(object).put(path, typo, 1);
        assertThatThrownBy(() -> strict.convertValue(object, TYPES.get(kind(object))))
                .isInstanceOf(JacksonException.class)
                .hasMessageContaining(typo);
    }

    @Test
    void refusesATypoInKedas() {
        Map<String, Object> object = copy(first("ScaledObject"));
        JsonPath.parse(object)
                .put("$.spec", "maxReplicas", 3)
                .put("$.spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown", "policy", "Max");
        assertThat(Kustomize.invalid(List.of(object)))
                .containsExactlyInAnyOrder(
                        "spec/maxReplicas is no field",
                        "spec/advanced/horizontalPodAutoscalerConfig/behavior/scaleDown/policy is no field");
        JsonPath.parse(object).put("$.spec", "pollingInterval", "10s");
        assertThat(Kustomize.invalid(List.of(object)))
                .singleElement()
                .asString()
                .startsWith("/spec/pollingInterval: type");
    }

    @ParameterizedTest
    @ValueSource(strings = {"fib-gateway", "fib-server"})
    void probesWhatTheContractNames(String service) {
        Container container = container(service);
        assertThat(container.getPorts()).singleElement().satisfies(port -> assertThat(port.getContainerPort())
                .hasToString(application(service, "$.server.port")));
        Probe startup = container.getStartupProbe();
        for (Probe probe : List.of(startup, container.getLivenessProbe(), container.getReadinessProbe())) {
            assertThat(probe.getHttpGet().getPort().getStrVal())
                    .isEqualTo(container.getPorts().get(0).getName());
            assertThat(probe.getTimeoutSeconds()).isEqualTo(3);
        }
        assertThat(startup.getHttpGet().getPath()).isEqualTo("/actuator/health/liveness");
        assertThat(container.getLivenessProbe().getHttpGet().getPath()).isEqualTo("/actuator/health/liveness");
        assertThat(container.getReadinessProbe().getHttpGet().getPath()).isEqualTo("/actuator/health/readiness");
        assertThat(startup.getPeriodSeconds() * startup.getFailureThreshold())
                .as("as the Dockerfile's start-period")
                .isEqualTo(120);
        Map<String, String> annotations =
                deployment(service).getSpec().getTemplate().getMetadata().getAnnotations();
        assertThat(annotations)
                .containsEntry("prometheus.io/path", "/actuator/prometheus")
                .containsEntry(
                        "prometheus.io/port",
                        container.getPorts().get(0).getContainerPort().toString());
    }

    @Test
    void sendsCallsToTheGateway() {
        Service service = strict.convertValue(first("Service"), Service.class);
        assertThat(service.getSpec().getSelector()).isEqualTo(labels("fib-gateway"));
        assertThat(service.getSpec().getPorts()).singleElement().satisfies(port -> {
            assertThat(port.getPort()).isEqualTo(8080);
            assertThat(port.getTargetPort().getStrVal()).isEqualTo("http");
        });
    }

    @Test
    void givesWhatDockerComposeGives() {
        for (String service : List.of("fib-gateway", "fib-server")) {
            Map<String, Quantity> limits = container(service).getResources().getLimits();
            assertThat(megabytes(String.valueOf(limits.get("memory")))).isEqualTo(composed(service, "mem_limit"));
            assertThat(container(service).getResources().getRequests().get("memory"))
                    .isEqualTo(limits.get("memory"));
        }
        Map<String, Object> rabbitmq = first("RabbitmqCluster");
        String memory = JsonPath.read(rabbitmq, "$.spec.resources.limits.memory");
        assertThat(megabytes(memory)).isEqualTo(composed("rabbitmq", "mem_limit"));
        assertThat(JsonPath.<String>read(rabbitmq, "$.spec.resources.requests.memory"))
                .isEqualTo(memory);
        assertThat(JsonPath.<String>read(rabbitmq, "$.spec.image")).isEqualTo(composed("rabbitmq", "image"));
        assertThat(settings(JsonPath.read(rabbitmq, "$.spec.rabbitmq.additionalConfig")))
                .containsAll(mounted());
    }

    /** As docs/operations.md asks for with a cluster: a node that is gone with its address does not refuse. */
    @ParameterizedTest
    @ValueSource(strings = {"fib-gateway", "fib-server"})
    void givesUpANodeThatDoesNotAnswerWellBeforeTheDeadline(String service) {
        String variable = "SPRING_RABBITMQ_CONNECTION_TIMEOUT";
        Map<String, Object> cluster = Kustomize.yaml(
                        Documented.text(Documented.PROJECT.resolve("docker-compose.cluster.yml")))
                .get(0);
        String composed = service.equals("fib-gateway") ? "fib-gateway-1" : service;
        assertThat(container(service).getEnv())
                .filteredOn(each -> each.getName().equals(variable))
                .singleElement()
                .satisfies(each -> assertThat(each.getValue())
                        .isEqualTo("500ms")
                        .isEqualTo(JsonPath.read(cluster, "$.services." + composed + ".environment." + variable)));
    }

    /** An overlay's copy has another namespace in one line. */
    @Test
    void namesItsNamespaceOnce(@TempDir Path copy) throws IOException {
        FileSystemUtils.copyRecursively(Kustomize.DEPLOY, copy);
        Path overlay = copy.resolve(OVERLAY);
        Path kustomization = overlay.resolve("kustomization.yaml");
        Files.writeString(
                kustomization, Files.readString(kustomization).replace("namespace: fib\n", "namespace: elsewhere\n"));
        assertThat(Kustomize.build(overlay)).hasSameSizeAs(built).allSatisfy(object -> {
            boolean namespace = kind(object).equals("v1/Namespace");
            assertThat(JsonPath.<String>read(object, namespace ? "$.metadata.name" : "$.metadata.namespace"))
                    .isEqualTo("elsewhere");
            assertThat(strict.writeValueAsString(object)).doesNotContain(".fib.", "NAMESPACE");
            if (kind(object).endsWith("/ScaledObject")) {
                assertThat(JsonPath.<String>read(object, "$.spec.triggers[0].metadata.host"))
                        .isEqualTo("http://rabbitmq.elsewhere.svc:15672/");
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"fib-gateway", "fib-server"})
    void runsWithoutRights(String service) {
        PodSpec pod = pod(service);
        assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(Documented.text(Documented.PROJECT.resolve("Dockerfile")))
                .contains("USER %d:%d"
                        .formatted(
                                pod.getSecurityContext().getRunAsUser(),
                                pod.getSecurityContext().getRunAsGroup()));
        assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
        assertThat(pod.getAutomountServiceAccountToken()).isFalse();
        assertThat(pod.getContainers()).allSatisfy(container -> {
            assertThat(container.getSecurityContext().getReadOnlyRootFilesystem())
                    .isTrue();
            assertThat(container.getSecurityContext().getAllowPrivilegeEscalation())
                    .isFalse();
            assertThat(container.getSecurityContext().getCapabilities().getDrop())
                    .containsExactly("ALL");
        });
    }

    /** None is in a file; each is made by the operator, for a user that is declared. */
    @Test
    void namesSecretsAndHasNone() {
        assertThat(built).noneMatch(object -> kind(object).equals("v1/Secret"));
        Set<String> users = all("User").stream()
                .map(user -> name(user) + "-user-credentials")
                .collect(Collectors.toSet());
        Set<String> used = new TreeSet<>();
        for (String service : List.of("fib-gateway", "fib-server")) {
            assertThat(secret(service).getSecret().getSecretName()).isEqualTo(service + "-user-credentials");
            used.add(secret(service).getSecret().getSecretName());
        }
        used.addAll(JsonPath.<List<String>>read(first("TriggerAuthentication"), "$.spec.secretTargetRef[*].name"));
        assertThat(used).isEqualTo(users);
        assertThat(all("Permission"))
                .allSatisfy(permission -> assertThat(users)
                        .contains(JsonPath.<String>read(permission, "$.spec.userReference.name") + "-user-credentials"))
                .hasSize(users.size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"fib-gateway", "fib-server"})
    void isNotKilledBeforeItHasStopped(String service) {
        PodSpec pod = pod(service);
        String phase = application(service, "$.spring.lifecycle.timeout-per-shutdown-phase");
        long wait = Long.parseLong(phase.replace("s", ""));
        if (service.equals("fib-gateway")) {
            long preStop = pod.getContainers()
                    .get(0)
                    .getLifecycle()
                    .getPreStop()
                    .getSleep()
                    .getSeconds();
            assertThat(preStop).isEqualTo(5);
            wait += preStop;
        }
        assertThat(pod.getTerminationGracePeriodSeconds()).isEqualTo(wait + 10);
    }

    @Test
    void keepsEnoughOfEachRunning() {
        for (String each : List.of("fib-gateway", "fib-server", "rabbitmq")) {
            PodDisruptionBudget budget =
                    strict.convertValue(named("PodDisruptionBudget", each), PodDisruptionBudget.class);
            assertThat(budget.getSpec().getMaxUnavailable().getIntVal()).isEqualTo(1);
            assertThat(budget.getSpec().getSelector().getMatchLabels()).isEqualTo(labels(each));
        }
        for (String service : List.of("fib-gateway", "fib-server")) {
            Deployment deployment = deployment(service);
            assertThat(deployment.getSpec().getSelector().getMatchLabels()).isEqualTo(labels(service));
            assertThat(deployment.getSpec().getTemplate().getMetadata().getLabels())
                    .isEqualTo(labels(service));
            assertThat(pod(service).getTopologySpreadConstraints()).hasSize(2).allSatisfy(spread -> assertThat(
                            spread.getLabelSelector().getMatchLabels())
                    .isEqualTo(labels(service)));
            assertThat(deployment
                            .getSpec()
                            .getStrategy()
                            .getRollingUpdate()
                            .getMaxUnavailable()
                            .getIntVal())
                    .isZero();
        }
        assertThat(deployment("fib-gateway").getSpec().getReplicas()).isEqualTo(2);
    }

    /** The scaler's metric counts what servers have fetched, and its value goes with how much that is. */
    @Test
    void scalesServersByWhatTheyHaveInUse() {
        Map<String, Object> scaled = first("ScaledObject");
        Map<String, String> trigger = JsonPath.read(scaled, "$.spec.triggers[0].metadata");
        int workers = Integer.parseInt(setting("server", "fib.workers"));
        int prefetch = PREFETCH_FOR_EACH_WORKER * workers;
        assertThat(trigger)
                .containsEntry("protocol", "http")
                .containsEntry("excludeUnacknowledged", "false")
                .containsEntry("mode", "QueueLength")
                .containsEntry("queueName", setting("server", "fib.queue.name"))
                .containsEntry("host", "http://rabbitmq.fib.svc:15672/")
                .containsEntry("value", Integer.toString(prefetch / 2));
        assertThat(JsonPath.<String>read(scaled, "$.spec.scaleTargetRef.name")).isEqualTo("fib-server");
        assertThat(JsonPath.<Integer>read(scaled, "$.spec.minReplicaCount")).isEqualTo(2);
        assertThat(deployment("fib-server").getSpec().getReplicas())
                .as("KEDA's to say")
                .isNull();
        // More servers than all the gateways' calls can keep that busy would never be asked for.
        int slots = Integer.parseInt(setting("gateway", "fib.max-in-flight"))
                * deployment("fib-gateway").getSpec().getReplicas();
        assertThat(JsonPath.<Integer>read(scaled, "$.spec.maxReplicaCount")).isLessThan(slots / (prefetch / 2));
    }

    /** Why KEDA asks over HTTP: over AMQP a queue is empty whose requests servers have fetched, however many they work on. */
    @Test
    void wouldSeeNothingOverAmqp() throws Exception {
        try (Connection connection = TestBroker.shared().connect();
                Channel server = connection.createChannel();
                Channel scaler = connection.createChannel()) {
            int prefetch = PREFETCH_FOR_EACH_WORKER * Integer.parseInt(setting("server", "fib.workers"));
            String queue = server.queueDeclare().getQueue();
            for (int i = 0; i < prefetch; i++) {
                server.basicPublish("", queue, null, new byte[] {'1'});
            }
            CountDownLatch fetched = new CountDownLatch(prefetch);
            server.basicQos(prefetch);
            server.basicConsume(queue, false, (tag, request) -> fetched.countDown(), tag -> {});
            assertThat(fetched.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(scaler.queueDeclarePassive(queue).getMessageCount()).isZero();
        }
    }

    /** Everything that may connect, and nothing else may. */
    @Test
    void letsOnlyThesePartsTalk() {
        Set<String> allowed = new TreeSet<>();
        List<NetworkPolicy> policies = all("NetworkPolicy").stream()
                .map(policy -> strict.convertValue(policy, NetworkPolicy.class))
                .toList();
        for (Network.Pod from : Network.PODS) {
            for (Network.Pod to : Network.PODS) {
                for (int port : Network.PORTS) {
                    if (Network.allows(policies, from, to, port)) {
                        allowed.add(from.name() + " " + to.name() + " " + port);
                    }
                }
            }
        }
        // What is outside of the namespace is subject to no policy here.
        allowed.removeIf(connection -> connection.matches("outside/\\S+ outside/.*"));
        assertThat(allowed)
                .containsExactlyInAnyOrder(
                        "outside/caller fib-gateway 8080",
                        "outside/monitoring fib-gateway 8080",
                        "outside/monitoring fib-server 8081",
                        "outside/monitoring rabbitmq 15692",
                        "outside/operators rabbitmq 15672",
                        "outside/keda rabbitmq 15672",
                        "fib-gateway rabbitmq 5672",
                        "fib-server rabbitmq 5672",
                        "rabbitmq rabbitmq 4369",
                        "rabbitmq rabbitmq 25672",
                        "rabbitmq rabbitmq 35680",
                        "fib-gateway outside/dns 53",
                        "fib-server outside/dns 53",
                        "rabbitmq outside/dns 53",
                        "other outside/dns 53");
    }

    /** With the variables, the secret's files and the rights that are there, on a real broker. */
    @Test
    void runsThePairAsItIsSetUp(@TempDir Path secrets) throws IOException {
        try (TestBroker broker = TestBroker.start()) {
            for (Map<String, Object> permission : all("Permission")) {
                String user = JsonPath.read(permission, "$.spec.userReference.name");
                Map<String, String> rights = JsonPath.read(permission, "$.spec.permissions");
                broker.ctl("add_user", user, "secret-of-" + user);
                broker.ctl(
                        "set_permissions",
                        user,
                        rights.getOrDefault("configure", "^$"),
                        rights.getOrDefault("write", "^$"),
                        rights.getOrDefault("read", "^$"));
            }
            try (ServiceProcess server = ServiceProcess.server(settings("fib-server", broker, secrets));
                    ServiceProcess gateway = ServiceProcess.gateway(settings("fib-gateway", broker, secrets))) {
                server.awaitHealthy();
                gateway.awaitHealthy();
                assertThat(gateway.get("/fib/30").body()).isEqualTo("832040");
                assertThat(broker.ctl("list_queues", "name", "type").strip()).isEqualTo("rpc_queue\tquorum");
                assertThat(broker.ctl("list_connections", "user").lines().collect(Collectors.toSet()))
                        .containsExactlyInAnyOrder("fib-server", "fib-gateway");
                assertThat(server.log() + gateway.log()).doesNotContain("WARN", "ERROR");
            }
        }
    }

    /** A deployment's variables as settings, its secret as files. */
    private static Map<String, String> settings(String service, TestBroker broker, Path secrets) throws IOException {
        Map<String, String> settings = new LinkedHashMap<>();
        for (EnvVar variable : container(service).getEnv()) {
            settings.put(setting(variable.getName()), String.valueOf(variable.getValue()));
        }
        String addresses = settings.getOrDefault("spring.rabbitmq.addresses", "");
        settings.put("spring.rabbitmq.addresses", broker.host() + ":" + broker.port());
        int nodes = JsonPath.read(first("RabbitmqCluster"), "$.spec.replicas");
        assertThat(addresses.split(",", -1))
                .hasSize(nodes)
                .allMatch(node -> node.matches("rabbitmq-server-[0-2]\\.rabbitmq-nodes:5672"));
        Path files = Files.createDirectory(secrets.resolve(service));
        Map<String, String> secret = Map.of("username", service, "password", "secret-of-" + service);
        secret(service).getSecret().getItems().forEach(item -> {
            try {
                Files.writeString(files.resolve(item.getPath()), String.valueOf(secret.get(item.getKey())));
            } catch (IOException ex) {
                throw new IllegalStateException(ex);
            }
        });
        String mount = container(service).getVolumeMounts().stream()
                .filter(each -> each.getName().equals("rabbitmq"))
                .map(each -> each.getMountPath() + "/")
                .collect(Collectors.joining());
        assertThat(settings.put("spring.config.import", "configtree:" + files + "/"))
                .isEqualTo("configtree:" + mount);
        settings.remove("logging.structured.format.console");
        return settings;
    }

    /** The setting that a variable stands for, among all that the services and Spring Boot describe. */
    private static String setting(String variable) throws IOException {
        Set<String> names = new TreeSet<>();
        for (String service : List.of("gateway", "server")) {
            names.addAll(JsonPath.<List<String>>read(OperationsTests.metadata(service), "$.properties[*].name"));
        }
        for (URL metadata : Collections.list(
                KubernetesTests.class.getClassLoader().getResources("META-INF/spring-configuration-metadata.json"))) {
            try (InputStream in = metadata.openStream()) {
                names.addAll(JsonPath.<List<String>>read(in, "$.properties[*].name"));
            }
        }
        List<String> matching = names.stream()
                .filter(name -> Stream.of("", "_").anyMatch(dash -> name.replace("-", dash)
                        .replace('.', '_')
                        .toUpperCase(Locale.ROOT)
                        .equals(variable)))
                .toList();
        assertThat(matching).as(variable).hasSize(1);
        return matching.get(0);
    }

    /** A setting's default, as the jar describes it. */
    private static String setting(String service, String name) {
        try {
            List<Object> values = JsonPath.read(
                    OperationsTests.metadata(service), "$.properties[?(@.name=='" + name + "')].defaultValue");
            return String.valueOf(values.get(0));
        } catch (IOException ex) {
            throw new IllegalStateException(ex);
        }
    }

    private static String application(String service, String path) {
        Path file = Documented.PROJECT.resolve(service).resolve("src/main/resources/application.yml");
        return String.valueOf(
                JsonPath.<Object>read(Kustomize.yaml(Documented.text(file)).get(0), path));
    }

    private static Set<String> settings(String conf) {
        return conf.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** What docker-compose.yml mounts, without what the operators do: they find nodes and make users. */
    private static Set<String> mounted() {
        Set<String> settings = new TreeSet<>();
        try (Stream<Path> files = Files.list(Documented.PROJECT.resolve("deploy/rabbitmq"))) {
            files.filter(file -> file.toString().endsWith(".conf"))
                    .forEach(file -> settings.addAll(settings(Documented.text(file))));
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
        settings.removeIf(line -> line.startsWith("cluster_formation.") || line.startsWith("load_definitions "));
        assertThat(settings).isNotEmpty();
        return settings;
    }

    private static String composed(String service, String key) {
        return JsonPath.read(compose, "$.services." + service + "." + key);
    }

    /** As docker-compose.yml writes them: of 1024 · 1024 bytes, too. */
    private static String megabytes(String quantity) {
        assertThat(quantity).endsWith("Mi");
        return quantity.replace("Mi", "m");
    }

    private static Map<String, String> labels(String name) {
        return Map.of("app.kubernetes.io/name", name);
    }

    private static Volume secret(String service) {
        return pod(service).getVolumes().stream()
                .filter(volume -> volume.getName().equals("rabbitmq"))
                .findFirst()
                .orElseThrow();
    }

    private static Container container(String service) {
        assertThat(pod(service).getContainers()).hasSize(1);
        return pod(service).getContainers().get(0);
    }

    private static PodSpec pod(String service) {
        return deployment(service).getSpec().getTemplate().getSpec();
    }

    private static Deployment deployment(String service) {
        return strict.convertValue(named("Deployment", service), Deployment.class);
    }

    private static List<Map<String, Object>> keda() {
        return built.stream()
                .filter(object -> kind(object).startsWith("keda.sh/"))
                .toList();
    }

    private static Map<String, Object> first(String kind) {
        return all(kind).get(0);
    }

    private static Map<String, Object> named(String kind, String name) {
        return all(kind).stream()
                .filter(object -> name(object).equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static List<Map<String, Object>> all(String kind) {
        return built.stream().filter(object -> kind.equals(object.get("kind"))).toList();
    }

    private static String name(Map<String, Object> object) {
        return JsonPath.read(object, "$.metadata.name");
    }

    private static String kind(Map<String, Object> object) {
        return object.get("apiVersion") + "/" + object.get("kind");
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> copy(Map<String, Object> object) {
        return strict.readValue(strict.writeValueAsString(object), Map.class);
    }
}
