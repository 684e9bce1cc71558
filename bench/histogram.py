"""Quantiles of the histograms that a process tells Prometheus of."""

from prometheus_client.parser import text_string_to_metric_families


def quantile(exposition: str, name: str, share: float) -> float:
    """The value under which ``share`` of a histogram's observations lie.

    As Prometheus' ``histogram_quantile`` has it: linear within a bucket; of the last bucket,
    which has no end, its beginning. 0 where nothing was observed.

    Raises:
        ValueError: there is no histogram of this name without labels.
    """
    buckets: list[tuple[float, float]] = []
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            if sample.name == f"{name}_bucket" and set(sample.labels) == {"le"}:
                buckets.append((float(sample.labels["le"]), sample.value))
    if not buckets:
        raise ValueError(f"no histogram {name} is told of")
    buckets.sort()
    rank = share * buckets[-1][1]
    start = below = 0.0
    for end, count in buckets:
        if count >= rank and count > below:
            if end == float("inf"):
                return start
            return start + (end - start) * (rank - below) / (count - below)
        start, below = end, count
    return 0.0
