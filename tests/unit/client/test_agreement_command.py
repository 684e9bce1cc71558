"""``vstep-grading agreement``: tables, JSON, and what is asked for."""

import json

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.unit.client.conftest import Run
from tests.unit.client.scripted_server import JOB_ID, ScriptedServer
from vstep.grading.v1 import review_service_pb2 as messages
from vstep.grading.v1.grading_service_pb2 import SubmitJobResponse
from vstep.grading.v1.job_pb2 import SKILL_SPEAKING, SKILL_WRITING, Job
from vstep.grading.v1.result_pb2 import CRITERION_GRAMMAR

Told = pytest.CaptureFixture[str]

QWK = messages.MeasuredAgreement(
    measure=messages.AGREEMENT_MEASURE_QWK,
    value=0.612,
    interval=messages.AgreementInterval(low=0.5, high=0.7),
    bar=0.7,
    meets_bar=False,
    below_examiners=0.12,
    near_examiners=False,
)
SMD = messages.MeasuredAgreement(
    measure=messages.AGREEMENT_MEASURE_SMD, value=0.05, bar=0.15, meets_bar=True
)
FOUND = messages.GetAgreementResponse(
    finished_from=Timestamp(seconds=0),
    finished_before=Timestamp(seconds=86_400),
    machine=messages.AgreementTable(
        overall=messages.Agreement(answers=40, measures=[QWK, SMD]),
        criteria=[
            messages.CriterionAgreement(
                criterion=CRITERION_GRAMMAR, agreement=messages.Agreement(answers=9)
            )
        ],
    ),
    examiners=messages.AgreementTable(
        overall=messages.Agreement(
            answers=12,
            measures=[
                messages.MeasuredAgreement(measure=messages.AGREEMENT_MEASURE_EXACT, value=0.5)
            ],
        )
    ),
    groups=[
        messages.AgreementGroup(
            by=messages.AGREEMENT_GROUPING_LABEL,
            label="first_language",
            value="v\x1bi",
            agreement=messages.Agreement(answers=20, measures=[SMD]),
            bias=0.2,
            bias_interval=messages.AgreementInterval(low=0.1, high=0.3),
            bias_meets_bar=False,
        ),
        messages.AgreementGroup(
            by=messages.AGREEMENT_GROUPING_PROMPT, agreement=messages.Agreement(answers=3)
        ),
    ],
    drift=[
        messages.AgreementDrift(
            measure=messages.AGREEMENT_MEASURE_QWK,
            before=0.75,
            now=0.612,
            change=messages.AgreementInterval(low=-0.2, high=-0.1),
            certain=True,
        )
    ],
    truncated=True,
)


def _line(out: str, *starts: str) -> str:
    return next(line for line in out.splitlines() if line.strip().startswith(starts))


def test_the_figures_are_told_with_what_they_miss(
    server: ScriptedServer, run: Run, capsys: Told
) -> None:
    server.answers["GetAgreement"] = [FOUND]
    assert run("agreement") == 0
    [request] = server.requests
    assert request == messages.GetAgreementRequest(skill=SKILL_WRITING)
    out = capsys.readouterr().out
    assert "from 1970-01-01 00:00:00 until 1970-01-02 00:00:00 (UTC)" in out
    assert "There are more than are compared" in out
    overall = _line(out, "Overall")
    assert "40" in overall
    assert "0.612 [0.50, 0.70] ! v" in overall
    assert "0.050" in overall and "0.050 !" not in overall
    # What can't be told is left empty, and no 0.
    assert _line(out, "Grammar").split() == ["Grammar", "9"]
    label = _line(out, "first_language")
    assert "first_language=v\N{REPLACEMENT CHARACTER}i" in label
    assert "0.200 [0.10, 0.30] !" in label
    assert _line(out, "prompt").split() == ["prompt", "none", "3"]
    drift = next(line for line in out.splitlines() if "-0.138" in line)
    assert "0.750" in drift and "[-0.20, -0.10]" in drift and drift.rstrip().endswith("yes")


def test_what_is_asked_for_is_sent(server: ScriptedServer, run: Run, capsys: Told) -> None:
    server.answers["GetAgreement"] = [FOUND]
    words = ("--skill", "speaking", "--since", "1970-01-01", "--until", "1970-01-02T07:00:00+0700")
    by = ("--by", "rubric", "--by", "label", "--by", "rubric")
    assert run("agreement", *words, *by, "--drift", "--json") == 0
    [request] = server.requests
    assert request.skill == SKILL_SPEAKING
    assert request.finished_from == Timestamp()
    assert request.HasField("finished_from")
    assert request.finished_before == Timestamp(seconds=86_400)
    assert list(request.by) == [
        messages.AGREEMENT_GROUPING_RUBRIC,
        messages.AGREEMENT_GROUPING_LABEL,
    ]
    assert request.drift
    told = json.loads(capsys.readouterr().out)
    assert told["machine"]["overall"]["measures"][0]["meets_bar"] is False
    # Of examiners nobody asks that they meet a bar.
    assert "meets_bar" not in told["examiners"]["overall"]["measures"][0]


def test_of_no_reviews_empty_tables_are_shown(
    server: ScriptedServer, run: Run, capsys: Told
) -> None:
    server.answers["GetAgreement"] = [messages.GetAgreementResponse()]
    assert run("agreement") == 0
    out = capsys.readouterr().out
    assert _line(out, "Overall").split() == ["Overall", "0"]
    assert "Groups" not in out and "Since the period" not in out


def test_labels_are_sent_along(
    server: ScriptedServer, run: Run, work: list[str], capsys: Told
) -> None:
    for wrong in (("--label", "vi"), ("--label", "a=1", "--label", "a=2")):
        assert run(*work, *wrong) == 2
        assert "--label" in capsys.readouterr().err
    assert server.requests == []
    server.answers["SubmitJob"] = [SubmitJobResponse(job=Job(id=JOB_ID))]
    right = ("--label", "first_language=vi", "--label", "school=a=b")
    assert run(*work, *right, "--json") == 0
    [request] = server.requests
    assert dict(request.labels) == {"first_language": "vi", "school": "a=b"}
