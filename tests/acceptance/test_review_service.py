"""``ReviewService`` at the door: what is shown to whom, and the held score that nobody is shown."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from grpc import StatusCode

from tests.stack.door import Door, assert_invalid, refusal
from tests.stack.postgres import Database, Databases
from tests.stack.rabbitmq import PrivateRabbit
from tests.stack.reviewing import ESSAY_CRITERIA, claim_review, essay_marks, mark, review_file
from tests.stack.stack import Server, Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1 import review_service_pb2 as reviews
from vstep.grading.v1.job_pb2 import (
    JOB_STATE_COMPLETED,
    JOB_STATE_REVIEW_REQUIRED,
    REVIEW_PRIORITY_CRITICAL,
    REVIEW_PRIORITY_HIGH,
)
from vstep.grading.v1.result_pb2 import SCORED_BY_HUMAN, SCORED_BY_HYBRID

#: What the scripted grader gives, as any message would show it.
SCORE, BAND = "6.5", "BAND_B2"
#: How long the blind server lets an examiner hold a review, in seconds.
SHORT_CLAIM = 120


@pytest.fixture(scope="module")
def stack(
    databases: Databases, rabbit: PrivateRabbit, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Processes that the tests of this file share: results that need a review are held."""
    with databases.lend() as database, rabbit.virtual_host() as url:
        made = Stack(database, url, tmp_path_factory.mktemp("reviews"))
        made.start_worker(GRADING_REVIEW_MODE="required", GRADING_SPOT_CHECK_RATE="0")
        yield made
        made.stop()


@pytest.fixture(scope="module")
def server(stack: Stack) -> Server:
    return stack.start_server()


@pytest.fixture
def door(server: Server) -> Door:
    return server.door


@pytest.fixture(scope="module")
def blind(stack: Stack) -> Door:
    """A server at which every answer is marked twice."""
    return stack.start_server(
        GRADING_DOUBLE_MARK_RATE="1", GRADING_REVIEW_CLAIM_SECONDS=str(SHORT_CLAIM)
    ).door


@pytest.fixture
def database(stack: Stack) -> Database:
    return stack.database


def _held(door: Door, text: str = "unsure:60", **fields: str) -> Any:
    """A submission whose result waits for an examiner."""
    request = submission(text, **fields)
    job = door.grading.SubmitJob(request).job
    answer = door.grading.WaitJob(
        messages.WaitJobRequest(job_id=job.id, end_at_review=True), timeout=60
    )
    assert answer.job.state == JOB_STATE_REVIEW_REQUIRED
    return request, job.id


def _everything_said(door: Door, request: Any, job_id: str) -> dict[str, Message | list[Any]]:
    """What every call of a learner's application says of a job, by the name of the call."""
    grading = door.grading
    feed = grading.WatchJobs(messages.WatchJobsRequest(user_id=request.user_id), timeout=10)
    fed: list[Any] = []
    for answer in feed:
        fed.append(answer)
        if answer.event.state in (JOB_STATE_REVIEW_REQUIRED, JOB_STATE_COMPLETED):
            feed.cancel()
            break
    watch = messages.WatchJobRequest(job_id=job_id, end_at_review=True)
    wait = messages.WaitJobRequest(job_id=job_id, end_at_review=True)
    return {
        "SubmitJob": grading.SubmitJob(request),
        "BatchSubmitJobs": grading.BatchSubmitJobs(
            messages.BatchSubmitJobsRequest(requests=[request])
        ),
        "GetJob": grading.GetJob(messages.GetJobRequest(job_id=job_id)),
        "ListJobs": grading.ListJobs(messages.ListJobsRequest(user_id=request.user_id)),
        "WatchJob": list(grading.WatchJob(watch, timeout=10)),
        "WatchJobs": fed,
        "WaitJob": grading.WaitJob(wait, timeout=10),
    }


def _refused(door: Door, job_id: str) -> dict[str, Any]:
    """The calls that refuse while a result is held."""
    grading = door.grading
    retry = messages.RetryJobRequest(job_id=job_id, request_id=str(uuid4()))
    return {
        "GetResult": refusal(lambda: grading.GetResult(messages.GetResultRequest(job_id=job_id))),
        "CancelJob": refusal(lambda: grading.CancelJob(messages.CancelJobRequest(job_id=job_id))),
        "RetryJob": refusal(lambda: grading.RetryJob(retry)),
    }


def test_no_call_of_a_learner_shows_a_held_score(door: Door, database: Database) -> None:
    """Of all methods of the service: each is here, or tells of no job that there is."""
    request, job_id = _held(door, user_id=f"learner-{uuid4()}")
    said, refused = _everything_said(door, request, job_id), _refused(door, job_id)
    methods = {
        method.name for method in messages.DESCRIPTOR.services_by_name["GradingService"].methods
    }
    assert methods == {*said, *refused, "UploadAudio", "DeleteJob"}
    for name, answer in said.items():
        answers = answer if isinstance(answer, list) else [answer]
        assert answers, name
        written = " ".join(MessageToJson(one) for one in answers)
        assert job_id in written, name
        for telling in (SCORE, BAND, '"result"', "confidence"):
            assert telling not in written.replace("LOW_CONFIDENCE", ""), (name, telling)
    for name, one in refused.items():
        assert one.code is StatusCode.FAILED_PRECONDITION, name
        assert SCORE not in str(one), name

    # Nor once an examiner is at it; and then all of it is told, at once.
    claim_review(door, job_id)
    assert door.grading.GetJob(messages.GetJobRequest(job_id=job_id)).job.last_sequence == 5
    mark(door, job_id, 6.5)
    said = _everything_said(door, request, job_id)
    watched = said["WatchJob"]
    assert isinstance(watched, list)
    assert watched[-1].event.state == JOB_STATE_REVIEW_REQUIRED  # where this watch was to end
    door.grading.GetResult(messages.GetResultRequest(job_id=job_id))
    [row] = database.rows("SELECT count(*) AS n FROM results WHERE job_id = %s", job_id)
    assert row == {"n": 1}


def test_a_review_is_claimed_shown_and_marked(door: Door) -> None:
    request, job_id = _held(door)
    watcher = door.watch(job_id)
    claimed = claim_review(door, job_id)
    assert (claimed.review.state, claimed.review.holder, claimed.renewed) == (
        reviews.REVIEW_STATE_CLAIMED,
        "anna",
        False,
    )
    assert claim_review(door, job_id).renewed
    said = refusal(lambda: claim_review(door, job_id, "binh"))
    assert (said.code, said.reason) == (
        StatusCode.FAILED_PRECONDITION,
        "ERROR_REASON_REVIEW_CLAIMED",
    )
    assert (said.metadata["job_id"], said.metadata["holder"]) == (job_id, "anna")
    assert said.metadata["until"].endswith("Z")

    file = review_file(door, job_id)
    assert file.writing == request.writing
    assert file.prompt == request.prompt
    assert (file.machine.score, len(file.machine.criteria)) == (6.5, 4)
    assert file.review.priority == REVIEW_PRIORITY_HIGH
    assert not file.HasField("result") and not file.marks and not file.history

    answer = mark(door, job_id, 7, comment="Sound.")
    assert answer.review.state == reviews.REVIEW_STATE_DONE
    assert (answer.result.score, answer.result.scored_by) == (7.0, SCORED_BY_HYBRID)
    assert watcher.wait(30).code is StatusCode.OK
    assert watcher.events[-1].state == JOB_STATE_COMPLETED
    assert watcher.events[-1].result.score == 7.0
    result = door.grading.GetResult(messages.GetResultRequest(job_id=job_id)).result
    assert result == answer.result
    assert "examiner" in result.notice
    assert not result.audit and not result.HasField("confidence")
    job = door.grading.GetJob(messages.GetJobRequest(job_id=job_id)).job
    assert not job.review_priority and not job.review_reasons

    file = review_file(door, job_id)
    assert (file.machine.score, file.result, len(file.marks)) == (6.5, result, 1)
    assert (file.marks[0].comment, file.marks[0].exact_score) == ("Sound.", 7.0)
    assert [reviews.ReviewAction.Name(act.action).rpartition("_")[2] for act in file.history] == [
        "CLAIMED", "MARKED", "FINISHED",
    ]  # fmt: skip
    assert {act.caller for act in file.history} == {"anybody"}


def test_the_examiners_marks_stand_where_the_machine_is_far_off(door: Door) -> None:
    _, job_id = _held(door)
    answer = mark(door, job_id, 9)
    assert (answer.result.score, answer.result.scored_by, answer.result.audit) == (
        9.0,
        SCORED_BY_HUMAN,
        True,
    )


def test_two_mark_blind_and_a_third_decides(blind: Door) -> None:
    _, job_id = _held(blind)

    def unseen() -> None:
        file = review_file(blind, job_id)
        assert file.review.double_marked
        assert file.writing.text
        assert not file.HasField("machine") and not file.HasField("result")
        assert not file.marks and not file.history

    unseen()
    claim_review(blind, job_id)
    unseen()
    first = mark(blind, job_id, 4)
    assert not first.HasField("result")
    assert first.review.state == reviews.REVIEW_STATE_OPEN
    unseen()
    said = refusal(lambda: claim_review(blind, job_id))
    assert said.reason == "ERROR_REASON_REVIEW_ALREADY_MARKED"
    asked = reviews.ListReviewsRequest(reviewer_id="anna", page_size=1000)
    assert job_id not in [one.job_id for one in blind.review.ListReviews(asked).reviews]

    second = mark(blind, job_id, 6, "binh")
    assert second.review.adjudication and not second.HasField("result")
    file = review_file(blind, job_id)
    assert [(one.reviewer_id, one.score) for one in file.marks] == [("anna", 4), ("binh", 6)]
    assert not file.HasField("machine")  # what is to be compared with it must not come from it
    third = mark(blind, job_id, 6, "chi")
    assert (third.result.score, third.result.scored_by) == (6.0, SCORED_BY_HYBRID)
    file = review_file(blind, job_id)
    assert file.HasField("machine") and file.HasField("result")
    assert [one.adjudication for one in file.marks] == [False, False, True]


def test_two_that_agree_need_no_third(blind: Door) -> None:
    _, job_id = _held(blind)
    mark(blind, job_id, 6)
    answer = mark(blind, job_id, 7, "binh")
    # 0.4 × 6.375 + 0.6 × 6.5
    assert (answer.result.score, answer.result.exact_score) == (6.5, 6.45)


def test_a_claim_lapses_by_itself(door: Door, database: Database) -> None:
    _, job_id = _held(door)
    claim = claim_review(door, job_id).review.claim
    over = "UPDATE reviews SET claim_expires_at = now() WHERE job_id = %s"
    database.rows(over, job_id)
    trail = "SELECT action FROM review_trail WHERE job_id = %s ORDER BY id"
    until(lambda: [row["action"] for row in database.rows(trail, job_id)] == ["claimed", "lapsed"])
    assert review_file(door, job_id).review.state == reviews.REVIEW_STATE_OPEN
    late = reviews.SubmitReviewRequest(
        job_id=job_id, reviewer_id="anna", claim=claim, scores=essay_marks(6)
    )
    said = refusal(lambda: door.review.SubmitReview(late))
    assert (said.reason, said.metadata["claim"]) == ("ERROR_REASON_REVIEW_CLAIM_LOST", str(claim))
    assert claim_review(door, job_id, "binh").review.claim == claim + 1


def test_a_claim_is_held_for_as_long_as_is_set(door: Door, blind: Door, database: Database) -> None:
    for each, seconds in ((door, 900), (blind, SHORT_CLAIM)):
        _, job_id = _held(each)
        before = database.rows("SELECT extract(epoch FROM now()) AS now")[0]["now"]
        lasts = claim_review(each, job_id).review.claim_until.ToMicroseconds() / 1e6 - float(before)
        after = database.rows("SELECT extract(epoch FROM now()) AS now")[0]["now"]
        assert seconds <= lasts <= seconds + float(after - before)


def test_marks_that_break_a_rule_are_named(door: Door) -> None:
    _, job_id = _held(door)
    claim = claim_review(door, job_id).review.claim

    def refused(scores: list[reviews.CriterionMark], **fields: Any) -> Any:
        request = reviews.SubmitReviewRequest(
            **{"job_id": job_id, "reviewer_id": "anna", "claim": claim, **fields}, scores=scores
        )
        return refusal(lambda: door.review.SubmitReview(request))

    whole = essay_marks(6)
    for score in (-0.5, 0.25, 10.5, float("nan"), float("inf")):
        wrong = reviews.CriterionMark(criterion=ESSAY_CRITERIA[0], score=score)
        assert_invalid(refused([wrong, *whole[1:]]), "scores[0].score")
    for scores in (whole[1:], [*whole, whole[0]], [*whole[1:], whole[1]]):
        assert_invalid(refused(scores), "scores")
    assert_invalid(refused([]), "scores")
    assert_invalid(refused(whole, claim=0), "claim")
    assert_invalid(refused(whole, reviewer_id="two words"), "reviewer_id")
    assert_invalid(refused(whole, comment="x" * 4001), "comment")
    assert refused(whole, claim=claim + 1).reason == "ERROR_REASON_REVIEW_CLAIM_LOST"
    assert refused(whole, reviewer_id="binh").reason == "ERROR_REASON_REVIEW_CLAIM_LOST"
    assert review_file(door, job_id).review.state == reviews.REVIEW_STATE_CLAIMED


def test_the_queue_is_paged_most_urgent_first(door: Door) -> None:
    high = [_held(door)[1] for _ in range(2)]
    critical = _held(door, "unsure:20")[1]
    request = reviews.ListReviewsRequest(page_size=1)
    found: list[reviews.Review] = []
    while True:
        page = door.review.ListReviews(request)
        found += page.reviews
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    ids = [review.job_id for review in found]
    assert len(set(ids)) == len(ids)
    assert [review for review in ids if review in {critical, *high}] == [critical, *high]
    only = reviews.ListReviewsRequest(priority=REVIEW_PRIORITY_CRITICAL, page_size=1000)
    assert critical in [review.job_id for review in door.review.ListReviews(only).reviews]
    only.page_token = request.page_token
    said = refusal(lambda: door.review.ListReviews(only))
    assert said.reason == "ERROR_REASON_PAGE_TOKEN_INVALID"


def test_what_is_not_held_has_no_review(door: Door) -> None:
    job = door.grading.SubmitJob(submission()).job
    door.grading.WaitJob(messages.WaitJobRequest(job_id=job.id), timeout=60)
    for call in (claim_review, review_file):
        said = refusal(lambda call=call: call(door, job.id))  # type: ignore[misc]
        assert said.reason == "ERROR_REASON_REVIEW_NOT_WAITING"
        assert said.metadata["state"] == "JOB_STATE_COMPLETED"


def test_a_job_is_erased_under_its_examiners_hands(door: Door) -> None:
    _, job_id = _held(door)
    claim = claim_review(door, job_id).review.claim
    door.grading.DeleteJob(messages.DeleteJobRequest(job_id=job_id))
    request = reviews.SubmitReviewRequest(
        job_id=job_id, reviewer_id="anna", claim=claim, scores=essay_marks(6)
    )
    for call in (
        lambda: door.review.SubmitReview(request),
        lambda: review_file(door, job_id),
        lambda: claim_review(door, job_id),
    ):
        assert refusal(call).reason == "ERROR_REASON_JOB_NOT_FOUND"
