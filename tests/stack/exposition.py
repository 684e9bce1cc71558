"""What a process tells Prometheus, as a test reads it."""

import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from tests.stack.waiting import until

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Exposition:
    """One scrape."""

    text: str
    samples: tuple[tuple[str, Labels, float], ...]

    def total(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels; 0 where there are none."""
        return sum(self.values(name, **labels))

    def values(self, name: str, **labels: str) -> list[float]:
        """The values of these samples."""
        return [
            value
            for found, its, value in self.samples
            if found == name and labels.items() <= its.items()
        ]


def scrape(port: int) -> Exposition:
    """Ask the process that tells its metrics on ``port`` of the loopback.

    Raises:
        OSError: nobody answers.
    """
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
    samples = tuple(
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    )
    return Exposition(text, samples)


def await_told(port: int, condition: Callable[[Exposition], bool]) -> Exposition:
    """Scrape until what is told meets the condition, and give it."""

    def look() -> list[Exposition]:
        told = scrape(port)
        return [told] if condition(told) else []

    return until(look)[0]
