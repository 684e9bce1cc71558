"""Panels, each with its unit, a description, and a threshold where one is meant."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models

#: The variable that names the Prometheus to ask.
SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
#: The width of a dashboard, in Grafana's columns.
WIDTH = 24
RED, AMBER, GREEN = "red", "orange", "green"

Panel = timeseries.Panel | stat.Panel


@dataclass(frozen=True)
class Query:
    """A query, and the name of each series that it gives."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Limit:
    """A value from which on a series is shown as amber or red."""

    value: float
    color: str


def quantiles(metric: str, labels: str) -> list[Query]:
    """What half, 95 and 99 of 100 of a histogram's values stay below, over all its series."""
    return [
        Query(
            f"histogram_quantile({share}, sum by (le) (rate({metric}_bucket{{{labels}}}"
            "[$__rate_interval])))",
            name,
        )
        for share, name in ((0.5, "half"), (0.95, "95 of 100"), (0.99, "99 of 100"))
    ]


def lines(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    limits: Sequence[Limit] = (),
    stacked: bool = False,
    signed: bool = False,
    width: int = 8,
) -> timeseries.Panel:
    """Series over time, from 0 up unless they are ``signed``; ``limits`` are dashed lines."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .height(8)
        .span(width)
        .fill_opacity(30 if stacked else 8)
        .show_points(common_models.VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(common_models.LegendDisplayMode.LIST)
            .placement(common_models.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(
            common.VizTooltipOptions()
            .mode(common_models.TooltipDisplayMode.MULTI)
            .sort(common_models.SortOrder.DESCENDING)
        )
    )
    if not signed:
        panel.min(0)
    if stacked:
        panel.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL))
    if limits:
        panel.thresholds(_thresholds("transparent", limits))
        panel.thresholds_style(
            common.GraphThresholdsStyleConfig().mode(common_models.GraphTresholdsStyleMode.DASHED)
        )
    _ask(panel, queries)
    return panel


def number(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    limits: Sequence[Limit] = (),
    from_color: str = GREEN,
    width: int = 4,
) -> stat.Panel:
    """The newest value of each series, in ``from_color`` below the first of ``limits``."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .height(5)
        .span(width)
        .color_mode(common_models.BigValueColorMode.VALUE)
        .graph_mode(common_models.BigValueGraphMode.AREA)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_thresholds(from_color, limits))
    )
    _ask(panel, queries)
    return panel


def _thresholds(first: str, limits: Sequence[Limit]) -> dashboard.ThresholdsConfig:
    steps = [models.Threshold(value=None, color=first)]
    steps += [models.Threshold(value=limit.value, color=limit.color) for limit in limits]
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def _ask(panel: Panel, queries: Sequence[Query]) -> None:
    for place, query in enumerate(queries):
        panel.with_target(
            prometheus.Dataquery()
            .expr(query.expr)
            .legend_format(query.legend)
            .ref_id(chr(ord("A") + place))
        )
