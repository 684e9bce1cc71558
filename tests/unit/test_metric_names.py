"""Metrics are named as Prometheus wants it, and docs/monitoring.md lists them all."""

import re
import subprocess
import sys

from prometheus_client import REGISTRY

from tests.stack.every_metric import defined
from tests.stack.process import CHECKOUT, environment

#: What is told by collectors, which have no metric in the code.
COLLECTED = {
    "vstep_build_info": "component, version",
    "vstep_worker_processes": "",
    "vstep_worker_resident_memory_bytes": "",
}


def _defined() -> dict[str, str]:
    found = {}
    for metric in defined():
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


def test_prometheus_own_tool_finds_no_fault_with_names_units_and_help() -> None:
    # In a process of its own: its series would stay in this one's registry.
    told = subprocess.run(
        [sys.executable, "-m", "tests.stack.every_metric"],
        cwd=CHECKOUT,
        env=environment({}),
        capture_output=True,
        check=True,
    )
    judged = subprocess.run(
        ["promtool", "check", "metrics"], input=told.stdout, capture_output=True, check=False
    )
    assert (judged.returncode, judged.stdout + judged.stderr) == (0, b"")
