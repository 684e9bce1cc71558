"""The command line of a benchmark."""

import argparse
from collections.abc import Callable

from bench.report import Report


def run(measure: Callable[[], Report], description: str | None) -> None:
    """Measure, print the table, and with ``--json`` one object on the last line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    arguments = parser.parse_args()
    measure().show(as_json=arguments.json)
