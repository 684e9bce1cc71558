"""Prometheus looks where the services are."""

from typing import Any

import yaml

from tests.unit.deployment.compose import BASE, ROOT, environment, services

CONFIG = yaml.safe_load((ROOT / "docker/prometheus/prometheus.yml").read_text())


def _looked_up() -> dict[str, int]:
    found: dict[str, int] = {}
    for job in CONFIG["scrape_configs"]:
        for lookup in job.get("dns_sd_configs", []):
            # Of every container behind a name: a fixed target would be one of them by chance.
            assert lookup["type"] == "A"
            found |= dict.fromkeys(lookup["names"], lookup["port"])
    return found


def test_what_has_metrics_is_scraped_where_it_tells_them() -> None:
    looked_up = _looked_up()
    told: dict[str, Any] = {name: environment(service) for name, service in services(BASE).items()}
    for name in ("python-celery-worker", "python-celery-worker-speaking"):
        assert looked_up[name] == int(told[name]["WORKER_METRICS_PORT"])
    assert looked_up["python-grading-api"] == int(
        told["python-grading-api"]["GRADING_METRICS_PORT"]
    )
    assert looked_up["rabbitmq"] == 15692
    assert set(looked_up) <= set(told)


def test_rules_and_the_source_of_grafana_are_where_the_containers_see_them() -> None:
    assert CONFIG["rule_files"] == ["rules/*.yml"]
    assert "./docker/prometheus:/etc/prometheus:ro" in services(BASE)["prometheus"]["volumes"]
    folder = ROOT / "docker/grafana/provisioning/datasources"
    [source] = yaml.safe_load((folder / "prometheus.yml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert source["uid"] == "prometheus"
