"""A private Prometheus, which scrapes what a test names, and answers its queries."""

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from embedded.ports import free_port
from tests.stack.waiting import until

PROGRAM = "/usr/bin/prometheus"
#: Between two scrapes, and two looks at the rules.
EVERY = "500ms"


class Prometheus:
    """Answers queries on what it has scraped."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def query(self, expr: str) -> list[dict[str, Any]]:
        """The series that a query gives now.

        Raises:
            urllib.error.HTTPError: it can't be made.
        """
        result: list[dict[str, Any]] = self._get("query", query=expr)["result"]
        return result

    def rules(self) -> list[dict[str, Any]]:
        """The rules, and how they fare."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def targets_up(self) -> int:
        """How many targets were reached when they were last scraped."""
        return sum(target["health"] == "up" for target in self._get("targets")["activeTargets"])

    def _get(self, what: str, **asked: str) -> dict[str, Any]:
        address = f"{self._url}/api/v1/{what}?{urllib.parse.urlencode(asked)}"
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310
            data: dict[str, Any] = json.loads(answer.read())["data"]
        return data


@contextmanager
def private_prometheus(
    folder: Path, targets: Mapping[str, int], rules: Sequence[Path]
) -> Iterator[Prometheus]:
    """Run one that scrapes each job of ``targets`` on its port of the loopback."""
    folder.mkdir(parents=True)
    configuration = {
        "global": {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY},
        "rule_files": [str(file) for file in rules],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
            for job, port in targets.items()
        ],
    }
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration))
    port = free_port()
    log = folder / "prometheus.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                PROGRAM,
                f"--config.file={file}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        made = Prometheus(port)

        def ready() -> bool:
            assert process.poll() is None, log.read_text()[-2000:]
            try:
                made.query("1")
            except OSError:
                return False
            return True

        until(ready)
        yield made
    finally:
        process.terminate()
        process.wait(20)
