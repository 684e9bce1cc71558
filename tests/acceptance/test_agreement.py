"""``GetAgreement`` at the door: from labels that are submitted to what is told of their groups."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode

from tests.stack.door import Door, assert_invalid, refusal
from tests.stack.postgres import Databases
from tests.stack.rabbitmq import PrivateRabbit
from tests.stack.reviewing import mark
from tests.stack.stack import Server, Stack
from tests.stack.submissions import submission
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1 import review_service_pb2 as reviews
from vstep.grading.v1.job_pb2 import (
    JOB_STATE_FAILED,
    JOB_STATE_REVIEW_REQUIRED,
    SKILL_SPEAKING,
    SKILL_WRITING,
)
from vstep.grading.v1.result_pb2 import CRITERION_GRAMMAR

LABEL, GROUPS = "first_language", ("tieng-viet-0041", "khmer-0042")
ANSWERS = 20


@pytest.fixture(scope="module")
def stack(
    databases: Databases, rabbit: PrivateRabbit, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Processes that the tests of this file share: results that need a review are held."""
    with databases.lend() as database, rabbit.virtual_host() as url:
        made = Stack(database, url, tmp_path_factory.mktemp("agreement"))
        made.start_worker(GRADING_REVIEW_MODE="required", GRADING_SPOT_CHECK_RATE="0")
        yield made
        made.stop()


@pytest.fixture(scope="module")
def server(stack: Stack) -> Server:
    """A server, behind which answers of two groups were marked."""
    started = stack.start_server()
    for at in range(ANSWERS):
        request = submission("unsure:60")
        request.labels[LABEL] = GROUPS[at % 2]
        job = started.door.grading.SubmitJob(request).job
        wait = messages.WaitJobRequest(job_id=job.id, end_at_review=True)
        assert started.door.grading.WaitJob(wait, timeout=60).job.state == JOB_STATE_REVIEW_REQUIRED
        # The machine gives 6.5 to all: it is kinder to one group, and harsher to the other.
        mark(started.door, job.id, 6 + at % 2)
    return started


@pytest.fixture
def door(server: Server) -> Door:
    return server.door


def _ask(door: Door, **fields: object) -> reviews.GetAgreementResponse:
    request = reviews.GetAgreementRequest(**{"skill": SKILL_WRITING, **fields})  # type: ignore[arg-type]
    answer: reviews.GetAgreementResponse = door.review.GetAgreement(request)
    return answer


def test_agreement_is_told_with_what_may_be_and_the_bars(door: Door) -> None:
    answer = _ask(door)
    assert answer.machine.overall.answers == ANSWERS
    found = {one.measure: one for one in answer.machine.overall.measures}
    # The machine's score is the same for all, so that nothing can be said of a correlation.
    assert reviews.AGREEMENT_MEASURE_PEARSON not in found
    exact = found[reviews.AGREEMENT_MEASURE_EXACT]
    assert (exact.value, exact.bar, exact.meets_bar) == (0, 0.5, False)
    assert exact.interval.low == pytest.approx(0, abs=1e-9)
    assert 0.1 < exact.interval.high < 0.2
    adjacent = found[reviews.AGREEMENT_MEASURE_ADJACENT]
    assert (adjacent.value, adjacent.meets_bar) == (1, True)
    assert not exact.HasField("below_examiners")
    [grammar] = [
        one.agreement for one in answer.machine.criteria if one.criterion == CRITERION_GRAMMAR
    ]
    assert grammar.answers == ANSWERS
    assert len(answer.machine.criteria) == 4
    # Nobody marked twice.
    assert answer.examiners.overall == reviews.Agreement()
    assert not answer.groups and not answer.drift and not answer.truncated
    length = answer.finished_before.ToDatetime() - answer.finished_from.ToDatetime()
    assert length.days == 30


def test_groups_are_told_apart_by_what_was_sent_along(door: Door) -> None:
    groups = _ask(
        door, by=[reviews.AGREEMENT_GROUPING_LABEL, reviews.AGREEMENT_GROUPING_MARKING]
    ).groups
    told = {(one.label, one.value): one for one in groups}
    assert set(told) == {*((LABEL, group) for group in GROUPS), ("", "open")}
    kind, harsh = (told[LABEL, group] for group in GROUPS)
    assert kind.bias > 0.5
    assert harsh.bias == pytest.approx(-kind.bias)
    assert not kind.bias_meets_bar and not harsh.bias_meets_bar
    assert kind.agreement.answers == ANSWERS / 2
    # All answers are in it.
    assert not told["", "open"].HasField("bias")


def test_another_skill_and_another_time_have_none(door: Door) -> None:
    assert _ask(door, skill=SKILL_SPEAKING).machine.overall.answers == 0
    assert len(_ask(door, skill=SKILL_SPEAKING).machine.criteria) == 5
    long_ago = _ask(door, finished_before=Timestamp(seconds=86_400), drift=True)
    assert long_ago.machine.overall == reviews.Agreement()
    assert not long_ago.drift


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"skill": 0}, "skill"),
        ({"by": [0]}, "by[0]"),
        ({"by": [1, 1]}, "by"),
        ({"finished_before": Timestamp(seconds=-(2**40))}, "finished_before"),
        ({"finished_before": Timestamp(seconds=-62_135_596_800)}, "finished_before"),
        (
            {"finished_from": Timestamp(seconds=5), "finished_before": Timestamp(seconds=5)},
            "finished_before",
        ),
        (
            {
                "finished_from": Timestamp(seconds=5),
                "finished_before": Timestamp(seconds=6 + 366 * 86_400),
            },
            "finished_from",
        ),
    ],
)
def test_a_request_that_breaks_a_rule(door: Door, fields: dict[str, object], field: str) -> None:
    assert_invalid(refusal(lambda: _ask(door, **fields)), field)


def test_labels_are_in_no_log_and_no_message(server: Server, stack: Stack, door: Door) -> None:
    request = submission("boom")
    request.labels[LABEL] = GROUPS[0]
    job = door.grading.SubmitJob(request).job
    ended = door.grading.WaitJob(messages.WaitJobRequest(job_id=job.id), timeout=60).job
    assert ended.state == JOB_STATE_FAILED
    assert GROUPS[0] not in str(ended)

    # Whoever repeats the work repeats its labels, too.
    retry = messages.RetryJobRequest(job_id=job.id, request_id=str(uuid4()))
    again = door.grading.RetryJob(retry).job
    rows = stack.database.rows("SELECT labels FROM jobs WHERE id = %s", again.id)
    assert rows == [{"labels": {LABEL: GROUPS[0]}}]

    # The same request with other labels is another request.
    request.labels[LABEL] = GROUPS[1]
    refused = refusal(lambda: door.grading.SubmitJob(request))
    assert refused.code is StatusCode.ALREADY_EXISTS

    request = submission()
    request.labels[LABEL] = f"{GROUPS[0]}\x00"
    assert_invalid(refusal(lambda: door.grading.SubmitJob(request)), f'labels["{LABEL}"]')
    logs = "".join(file.read_text(errors="replace") for file in stack.folder.glob("*.log"))
    assert job.id in logs
    for group in GROUPS:
        assert group not in logs
