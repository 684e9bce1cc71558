"""Writes each dashboard's JSON into a folder, and removes what is none any more."""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from docker.grafana.source.agreement import agreement
from docker.grafana.source.job_life import job_life
from docker.grafana.source.providers import providers
from docker.grafana.source.service import service
from docker.grafana.source.workers import workers


def main(folder: Path) -> None:
    """Write the dashboards into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    written = set()
    for board in (service(), workers(), providers(), job_life(), agreement()):
        assert board.uid is not None
        file = folder / f"{board.uid}.json"
        text = json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False)
        file.write_text(f"{text}\n")
        written.add(file)
    for file in folder.glob("*.json"):
        if file not in written:
            file.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
