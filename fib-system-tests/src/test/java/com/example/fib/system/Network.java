package com.example.fib.system;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What network policies let through, by the rules of Kubernetes' documentation, as far as the policies here need them. */
final class Network {

    /** A pod: in the policies' own namespace, or with the labels of another. */
    record Pod(
            String name,
            Map<String, String> labels,
            @Nullable Map<String, String> namespace) {}

    static final List<Pod> PODS = List.of(
            own("fib-gateway"),
            own("fib-server"),
            own("rabbitmq"),
            own("other"),
            outside("caller", "anything", Map.of("com.example.fib/caller", "true")),
            outside("monitoring", "anything", Map.of("kubernetes.io/metadata.name", "monitoring")),
            outside("operators", "anything", Map.of("kubernetes.io/metadata.name", "rabbitmq-system")),
            outside("keda", "anything", Map.of("kubernetes.io/metadata.name", "keda")),
            outside("dns", "kube-dns", Map.of("kubernetes.io/metadata.name", "kube-system")),
            // Bears a name from here, and must gain nothing by it.
            outside("stranger", "fib-gateway", Map.of("kubernetes.io/metadata.name", "default")));

    /** Of everything that listens here, and some that are nobody's. */
    static final List<Integer> PORTS =
            List.of(22, 53, 443, 4369, 5671, 5672, 6000, 8080, 8081, 15672, 15692, 25672, 35680, 35683);

    private Network() {}

    private static Pod own(String name) {
        return new Pod(name, Map.of("app.kubernetes.io/name", name), null);
    }

    private static Pod outside(String name, String app, Map<String, String> namespace) {
        return new Pod("outside/" + name, Map.of("app.kubernetes.io/name", app, "k8s-app", app), namespace);
    }

    /** Whether a connection comes about: both sides must allow it. */
    static boolean allows(List<NetworkPolicy> policies, Pod from, Pod to, int port) {
        return leaves(policies, from, to, port) && enters(policies, from, to, port);
    }

    private static boolean leaves(List<NetworkPolicy> policies, Pod from, Pod to, int port) {
        List<NetworkPolicy> applying = applying(policies, from, "Egress");
        return applying.isEmpty()
                || applying.stream()
                        .flatMap(policy -> policy.getSpec().getEgress().stream())
                        .anyMatch(rule -> named(rule.getTo(), to) && open(rule.getPorts(), port));
    }

    private static boolean enters(List<NetworkPolicy> policies, Pod from, Pod to, int port) {
        List<NetworkPolicy> applying = applying(policies, to, "Ingress");
        return applying.isEmpty()
                || applying.stream()
                        .flatMap(policy -> policy.getSpec().getIngress().stream())
                        .anyMatch(rule -> named(rule.getFrom(), from) && open(rule.getPorts(), port));
    }

    private static List<NetworkPolicy> applying(List<NetworkPolicy> policies, Pod pod, String direction) {
        return policies.stream()
                .filter(policy -> pod.namespace() == null
                        && policy.getSpec().getPolicyTypes().contains(direction)
                        && selects(policy.getSpec().getPodSelector(), pod.labels()))
                .toList();
    }

    /** No peers named means all of them. */
    private static boolean named(List<NetworkPolicyPeer> peers, Pod pod) {
        return peers.isEmpty() || peers.stream().anyMatch(peer -> matches(peer, pod));
    }

    private static boolean matches(NetworkPolicyPeer peer, Pod pod) {
        if (peer.getIpBlock() != null) {
            throw new IllegalStateException("not known here: " + peer);
        }
        Map<String, String> namespace = pod.namespace();
        boolean inNamespace = peer.getNamespaceSelector() == null
                ? namespace == null
                : namespace != null && selects(peer.getNamespaceSelector(), namespace);
        return inNamespace && (peer.getPodSelector() == null || selects(peer.getPodSelector(), pod.labels()));
    }

    private static boolean selects(LabelSelector selector, Map<String, String> labels) {
        return selector.getMatchLabels().entrySet().stream()
                        .allMatch(label -> label.getValue().equals(labels.get(label.getKey())))
                && selector.getMatchExpressions().stream().allMatch(expression -> {
                    if (!expression.getOperator().equals("In")) {
                        throw new IllegalStateException("not known here: " + expression);
                    }
                    return expression.getValues().contains(labels.get(expression.getKey()));
                });
    }

    /** No ports named means all of them. */
    private static boolean open(List<NetworkPolicyPort> ports, int port) {
        return ports.isEmpty()
                || ports.stream().anyMatch(each -> {
                    int first = each.getPort().getIntVal();
                    int last = each.getEndPort() == null ? first : each.getEndPort();
                    return first <= port && port <= last;
                });
    }
}
