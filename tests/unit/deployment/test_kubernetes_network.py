"""Who may talk to whom in ``k8s/``."""

from typing import Any

from tests.unit.deployment.cluster import Cluster, Pods


def _policies(cluster: Cluster, pods: Pods, way: str) -> list[dict[str, Any]]:
    """The rules that let something into (``ingress``) or out of (``egress``) pods."""
    return [
        rule
        for policy in cluster.of("NetworkPolicy")
        if pods in cluster.selected(policy["spec"]["podSelector"])
        for rule in policy["spec"].get(way, [])
    ]


def _ports(rules: list[dict[str, Any]]) -> set[int | str]:
    return {port["port"] for rule in rules for port in rule["ports"]}


def test_nothing_is_let_through_that_is_not_named(cluster: Cluster) -> None:
    [closed] = [p for p in cluster.of("NetworkPolicy") if p["metadata"]["name"] == "deny-all"]
    assert closed["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for policy in cluster.of("NetworkPolicy"):
        for way in ("ingress", "egress"):
            # A rule without ports, or without peers, would mean all of them.
            for rule in policy["spec"].get(way, []):
                assert rule["ports"]
                assert rule["from" if way == "ingress" else "to"]
        named = {way.capitalize() for way in ("ingress", "egress") if way in policy["spec"]}
        assert named <= set(policy["spec"]["policyTypes"])


def test_ports_that_let_something_in_are_those_of_the_pods(cluster: Cluster) -> None:
    for policy in cluster.of("NetworkPolicy"):
        asked = _ports(policy["spec"].get("ingress", []))
        reached = cluster.selected(policy["spec"]["podSelector"])
        assert asked <= {name for pods in reached for name in pods.ports}


def test_only_prometheus_gets_into_workers(cluster: Cluster) -> None:
    for name in ("worker-writing", "worker-speaking"):
        rules = _policies(cluster, cluster.component(name), "ingress")
        assert _ports(rules) == {"metrics"}
        [peer] = [peer for rule in rules for peer in rule["from"]]
        assert peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "prometheus"}
        assert "namespaceSelector" in peer


def test_clients_get_at_calls_and_not_at_metrics(cluster: Cluster) -> None:
    for rule in _policies(cluster, cluster.component("server"), "ingress"):
        for peer in rule["from"]:
            labels = peer["podSelector"]["matchLabels"]
            assert _ports([rule]) == ({"grpc"} if "vstep-grading/client" in labels else {"metrics"})


def test_each_part_reaches_what_it_needs(cluster: Cluster, production: Cluster) -> None:
    stores = {5432, 5672}
    for name, needs in (
        ("migrate", stores),
        ("server", stores),
        ("worker-writing", stores | {443}),
        ("worker-speaking", stores | {443}),
    ):
        reached = _ports(_policies(cluster, cluster.component(name), "egress"))
        assert needs | {53} <= reached
    assert 443 in _ports(_policies(production, production.component("server"), "egress"))
    assert 443 not in _ports(_policies(cluster, cluster.component("migrate"), "egress"))


def test_workers_reach_no_private_address_by_https(cluster: Cluster) -> None:
    for name in ("worker-writing", "worker-speaking"):
        for rule in _policies(cluster, cluster.component(name), "egress"):
            if 443 not in _ports([rule]):
                continue
            for peer in rule["to"]:
                spared = set(peer["ipBlock"]["except"])
                if ":" in peer["ipBlock"]["cidr"]:
                    assert {"fc00::/7", "fe80::/10"} <= spared
                else:
                    assert {"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"} <= spared
                    assert "192.168.0.0/16" in spared


def test_only_the_service_gets_into_the_stores(development: Cluster) -> None:
    for store in ("postgres-grading", "rabbitmq"):
        [pods] = [each for each in development.pods if each.name == store]
        for rule in _policies(development, pods, "ingress"):
            [peer] = rule["from"]
            assert development.selected(peer["podSelector"]) == development.own_pods
