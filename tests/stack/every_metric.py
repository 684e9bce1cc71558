"""Prints every metric with a series: ``python -m tests.stack.every_metric``."""

import sys

from prometheus_client import REGISTRY, generate_latest
from prometheus_client.metrics import MetricWrapperBase

import server.metrics
import workers.metrics
from grading import job_metrics


def defined() -> list[MetricWrapperBase]:
    """The metrics that the code defines."""
    return [
        metric
        for module in (server.metrics, workers.metrics, job_metrics)
        for metric in vars(module).values()
        if isinstance(metric, MetricWrapperBase) and not metric._labelvalues
    ]


def main() -> None:
    """Print them."""
    for metric in defined():
        if metric._labelnames:
            metric.labels(*("x" for _ in metric._labelnames))
    sys.stdout.write(generate_latest(REGISTRY).decode())


if __name__ == "__main__":
    main()
