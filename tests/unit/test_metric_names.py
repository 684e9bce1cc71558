"""The list of metrics in docs/monitoring.md has all of them, with their labels, and no other."""

import re

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

import server.metrics
import workers.metrics
from grading import job_metrics
from tests.stack.process import CHECKOUT

#: What is told by collectors, which have no metric in the code.
COLLECTED = {
    "vstep_build_info": "component, version",
    "vstep_worker_processes": "",
    "vstep_worker_resident_memory_bytes": "",
}


def _defined() -> dict[str, str]:
    found = {}
    for module in (server.metrics, workers.metrics, job_metrics):
        for metric in vars(module).values():
            if isinstance(metric, MetricWrapperBase) and not metric._labelvalues:
                [family] = metric.describe()
                name = f"{family.name}_total" if family.type == "counter" else family.name
                found[name] = ", ".join(metric._labelnames)
    return found


def test_the_docs_list_every_metric_with_its_labels() -> None:
    text = (CHECKOUT / "docs/monitoring.md").read_text()
    listed = dict(re.findall(r"^\| `(vstep_\w+)` \| ([a-z, ]*?) ?\|", text, re.MULTILINE))

    assert listed == _defined() | COLLECTED


def test_no_other_metric_is_registered() -> None:
    families = {family.name for family in REGISTRY.collect() if family.name.startswith("vstep_")}
    assert families == {name.removesuffix("_total") for name in _defined()}
