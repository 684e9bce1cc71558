"""What a rendered kustomization puts into a cluster, to be asked."""

from dataclasses import dataclass
from typing import Any

from k8s.rendering import Manifest

#: Kinds that make pods.
_MAKERS = ("Deployment", "StatefulSet", "Job")
#: The name that all parts of the service have in common.
_OWN = "vstep-grading"


@dataclass(frozen=True)
class Pods:
    """The pods of one object: all are made from the same template."""

    maker: Manifest

    @property
    def name(self) -> str:
        """Of the object that makes them."""
        return str(self.maker["metadata"]["name"])

    @property
    def labels(self) -> dict[str, str]:
        """What selectors go by."""
        labels: dict[str, str] = self.maker["spec"]["template"]["metadata"]["labels"]
        return labels

    @property
    def annotations(self) -> dict[str, str]:
        """What Prometheus goes by."""
        annotations: dict[str, str] = self.maker["spec"]["template"]["metadata"]["annotations"]
        return annotations

    @property
    def spec(self) -> dict[str, Any]:
        """What a pod is made by."""
        spec: dict[str, Any] = self.maker["spec"]["template"]["spec"]
        return spec

    @property
    def containers(self) -> list[dict[str, Any]]:
        """All of them, those that run first included."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def main(self) -> dict[str, Any]:
        """The container that the pods are there for."""
        [container] = self.spec["containers"]
        assert isinstance(container, dict)
        return container

    @property
    def ports(self) -> dict[str, int]:
        """The ports that they name."""
        return {port["name"]: port["containerPort"] for port in self.main.get("ports", [])}


@dataclass(frozen=True)
class Cluster:
    """The objects of one kustomization, beside the Secret that it asks for."""

    manifests: list[Manifest]
    #: What the Secret ``vstep-grading`` holds.
    secret: dict[str, str]

    def of(self, kind: str) -> list[Manifest]:
        """All objects of a kind."""
        return [manifest for manifest in self.manifests if manifest["kind"] == kind]

    def names(self, kind: str) -> set[str]:
        """The names of all objects of a kind."""
        return {manifest["metadata"]["name"] for manifest in self.of(kind)}

    @property
    def pods(self) -> list[Pods]:
        """One for each object that makes pods."""
        return [Pods(manifest) for kind in _MAKERS for manifest in self.of(kind)]

    @property
    def own_pods(self) -> list[Pods]:
        """Those that run code of the project."""
        return [pods for pods in self.pods if pods.labels["app.kubernetes.io/name"] == _OWN]

    def component(self, name: str) -> Pods:
        """The pods of one part of the service."""
        key = "app.kubernetes.io/component"
        [found] = [pods for pods in self.own_pods if pods.labels[key] == name]
        return found

    def variables(self, container: dict[str, Any]) -> dict[str, str]:
        """The variables that a container is given.

        Raises:
            KeyError: a ConfigMap isn't there, or the Secret lacks a key that must be there.
        """
        maps = {manifest["metadata"]["name"]: manifest["data"] for manifest in self.of("ConfigMap")}
        given: dict[str, str] = {}
        for source in container.get("envFrom", []):
            given |= maps[source["configMapRef"]["name"]]
        for variable in container.get("env", []):
            if "value" in variable:
                given[variable["name"]] = variable["value"]
                continue
            source = variable["valueFrom"]["secretKeyRef"]
            assert source["name"] == "vstep-grading"
            if source["key"] in self.secret or not source.get("optional"):
                given[variable["name"]] = self.secret[source["key"]]
        return given

    def selected(self, selector: dict[str, Any]) -> list[Pods]:
        """The pods that a label selector, or a Service's plain labels, means."""
        return [pods for pods in self.pods if _matches(selector, pods.labels)]


def _matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    wanted = selector.get("matchLabels", {})
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] == "In"
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return all(labels.get(key) == value for key, value in wanted.items())
