"""What all dashboards have in common: variables, links, and rows of panels."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

from docker.grafana.source.panels import SOURCE, Panel

TAG = "vstep"


@dataclass(frozen=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: Sequence[Panel]


def make_board(
    uid: str, title: str, description: str, component: str, rows: Sequence[Row]
) -> models.Dashboard:
    """A dashboard of the processes of ``component``: ``server`` or ``worker``."""
    board = (
        dashboard.Dashboard(f"VSTEP grading: {title}")
        .uid(uid)
        .description(description)
        .tags([TAG])
        .readonly()
        .timezone("browser")
        .time("now-6h", "now")
        .refresh("30s")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(
            dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
        )
        .with_variable(_choice("skill", "Skill", "label_values(vstep_sla_seconds, skill)"))
        .with_variable(
            _choice(
                "instance",
                "Instance",
                f'label_values(vstep_build_info{{component="{component}"}}, instance)',
            )
        )
        .link(
            dashboard.DashboardLink("Dashboards")
            .type(models.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .as_dropdown(True)
            .include_vars(True)
            .keep_time(True)
        )
    )
    for row in rows:
        board.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            board.with_panel(panel)
    built = board.build()
    for number, shown in enumerate(built.panels or (), start=1):
        shown.id_val = number
    return built


def _choice(name: str, label: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(query)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(models.VariableOption(selected=True, text="All", value="$__all"))
    )
