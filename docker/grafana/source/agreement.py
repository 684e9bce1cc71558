"""Agreement: how far the machine and examiners agree, and examiners among themselves."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from docker.grafana.source.board import Row, make_board
from docker.grafana.source.panels import AMBER, RED, Limit, Query, lines

_OF_SKILL = 'skill=~"$skill"'
_MACHINE = f'raters="machine",criterion="overall",{_OF_SKILL}'


def agreement() -> Dashboard:
    """The dashboard."""
    return make_board(
        "vstep-agreement",
        "agreement",
        "How far the machine and examiners agree, in the reviews of the last"
        " GRADING_AGREEMENT_SECONDS. Empty where there are fewer than 10. What it means:"
        " docs/review.md; what to do: docs/runbook.md.",
        "server",
        [_whole(), _parts(), _changes()],
    )


def _of(selector: str, *by: str) -> str:
    return f"max by ({', '.join(by)}) (vstep_agreement{{{selector}}})"


def _whole() -> Row:
    return Row(
        "The machine and examiners, on the whole",
        [
            lines(
                "Kappa and correlation",
                "Quadratic weighted kappa and Pearson's correlation. ETS asks for 0.70 of each.",
                "short",
                Query(_of(f'measure=~"qwk|pearson",{_MACHINE}', "skill", "measure"),
                      "{{skill}} {{measure}}"),
                limits=[Limit(0.7, AMBER)],
                signed=True,
            ),
            lines(
                "Difference of the means",
                "Standardised; over 0 where the machine is kinder. ETS asks for 0.15 at the most,"
                " either way.",
                "short",
                Query(_of(f'measure="smd",{_MACHINE}', "skill"), "{{skill}}"),
                limits=[Limit(-0.15, AMBER), Limit(0.15, AMBER)],
                signed=True,
            ),
            lines(
                "Exact and adjacent",
                "Shares of answers with the same score, and with one at most a step of 0.5 away."
                " ETS asks for half, and for 95 of 100.",
                "percentunit",
                Query(_of(f'measure=~"exact|adjacent",{_MACHINE}', "skill", "measure"),
                      "{{skill}} {{measure}}"),
                limits=[Limit(0.5, AMBER), Limit(0.95, AMBER)],
            ),
        ],
    )  # fmt: skip


def _parts() -> Row:
    return Row(
        "By criterion, and examiners among themselves",
        [
            lines(
                "Kappa by criterion",
                "Of the machine and examiners.",
                "short",
                Query(
                    _of(
                        f'raters="machine",measure="qwk",criterion!="overall",{_OF_SKILL}',
                        "skill",
                        "criterion",
                    ),
                    "{{skill}} {{criterion}}",
                ),
                limits=[Limit(0.7, AMBER)],
                signed=True,
            ),
            lines(
                "Two examiners",
                "Kappa and correlation of the marks of two who were shown nothing of each other's."
                " The machine's should be at most 0.10 below them.",
                "short",
                Query(
                    _of(
                        'raters="examiners",criterion="overall",measure=~"qwk|pearson",'
                        f"{_OF_SKILL}",
                        "skill",
                        "measure",
                    ),
                    "{{skill}} {{measure}}",
                ),
                signed=True,
            ),
            lines(
                "Answers",
                "On how many the figures stand.",
                "short",
                Query(
                    f"max by (skill, raters) (vstep_agreement_answers{{{_OF_SKILL}}})",
                    "{{skill}} {{raters}}",
                ),
            ),
        ],
    )


def _changes() -> Row:
    return Row(
        "Since the period before",
        [
            lines(
                "Change",
                "Of the machine's agreement with examiners on the whole, since the period of the"
                " same length before.",
                "short",
                Query(
                    f"max by (skill, measure) (vstep_agreement_drift{{{_OF_SKILL}}})",
                    "{{skill}} {{measure}}",
                ),
                signed=True,
                width=12,
            ),
            lines(
                "Change beyond chance",
                "What of it is certain, 95 times of 100; 0 where it may be chance. An alert where"
                " kappa falls, or the difference moves, by more than 0.05. Runbook:"
                " AgreementDrifts.",
                "short",
                Query(
                    f"max by (skill, measure) (vstep_agreement_drift_certain{{{_OF_SKILL}}})",
                    "{{skill}} {{measure}}",
                ),
                limits=[Limit(-0.05, RED), Limit(0.05, RED)],
                signed=True,
                width=12,
            ),
        ],
    )
