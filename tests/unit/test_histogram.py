"""Quantiles of what a process tells Prometheus."""

import pytest
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from bench.histogram import quantile


def _told(*values: float) -> str:
    registry = CollectorRegistry()
    histogram = Histogram("wait_seconds", "Waits.", buckets=(1, 2, 4), registry=registry)
    for value in values:
        histogram.observe(value)
    return generate_latest(registry).decode()


def test_a_quantile_lies_within_its_bucket() -> None:
    told = _told(0.5, 0.5, 3, 3)
    assert quantile(told, "wait_seconds", 0.5) == 1
    assert quantile(told, "wait_seconds", 0.75) == 3
    assert quantile(told, "wait_seconds", 1) == 4


def test_beyond_the_last_bound_nothing_is_known() -> None:
    assert quantile(_told(9, 9), "wait_seconds", 0.99) == 4


def test_nothing_observed_is_nothing() -> None:
    assert quantile(_told(), "wait_seconds", 0.99) == 0


def test_an_unknown_histogram_is_refused() -> None:
    with pytest.raises(ValueError, match="no histogram"):
        quantile(_told(1), "other_seconds", 0.5)
