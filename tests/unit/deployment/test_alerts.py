"""Each alert fires when it must, keeps quiet when it must, and has its place in the runbook."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stack.process import CHECKOUT

RULES = sorted((CHECKOUT / "docker/prometheus/rules").glob("*.yml"))
CASES = sorted((Path(__file__).parent / "alerts").glob("*.yml"))
RUNBOOK = (CHECKOUT / "docs/runbook.md").read_text()

ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for file in RULES
    for group in yaml.safe_load(file.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
}


def promtool(*arguments: object) -> None:
    """Run Prometheus' own tool, which must find no fault."""
    judged = subprocess.run(
        ["promtool", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_the_rules_are_well_formed() -> None:
    promtool("check", "rules", *RULES)


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_alerts_fire_and_keep_quiet_as_told(file: Path) -> None:
    promtool("test", "rules", file)


def test_each_alert_is_seen_to_fire_and_to_keep_quiet() -> None:
    fires: set[str] = set()
    is_quiet: set[str] = set()
    for file in CASES:
        for case in yaml.safe_load(file.read_text())["tests"]:
            for asked in case["promql_expr_test"]:
                [name] = re.findall(r'alertname="(\w+)"', asked["expr"])
                (fires if asked["exp_samples"] else is_quiet).add(name)
                if asked["exp_samples"]:
                    assert 'alertstate="firing"' in asked["expr"]
    assert fires == set(ALERTS)
    assert is_quiet == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_each_alert_says_how_grave_it_is_and_where_to_read_on(name: str) -> None:
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in {"critical", "warning"}
    told = alert["annotations"]
    assert set(told) == {"summary", "description", "runbook_url"}
    assert told["runbook_url"] == f"docs/runbook.md#{name.lower()}"


def test_the_runbook_has_a_section_for_each_alert_and_for_no_other() -> None:
    _, _, alerts = RUNBOOK.partition("\n## Alerts\n")
    sections = re.split(r"^### ", alerts.partition("\n## ")[0], flags=re.MULTILINE)[1:]
    assert {section.split("\n", 1)[0] for section in sections} == set(ALERTS)
    for section in sections:
        for part in ("**Means**", "**Look**", "**Do**"):
            assert part in section, section
