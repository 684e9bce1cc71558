"""``vstep-grading review``: the queue, claims, the marked answer, and marks as they are typed."""

import io
import json
from collections.abc import Callable

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode
from rich.text import Text

from client.cli.marked_answer import marked, numbered
from client.cli.marking import read_score
from tests.unit.client.conftest import Run
from tests.unit.client.scripted_server import JOB_ID, Refuse, ScriptedServer
from vstep.grading.v1.job_pb2 import (
    REVIEW_PRIORITY_CRITICAL,
    REVIEW_PRIORITY_HIGH,
    REVIEW_REASON_LOW_CONFIDENCE,
    SKILL_SPEAKING,
    SKILL_WRITING,
    Prompt,
    WritingWork,
)
from vstep.grading.v1.result_pb2 import (
    BAND_B2,
    CRITERION_GRAMMAR,
    CRITERION_ORGANIZATION,
    CRITERION_TASK_FULFILLMENT,
    CRITERION_VOCABULARY,
    IMPACT_LOWERS,
    IMPACT_RAISES,
    SCORED_BY_HYBRID,
    CriterionScore,
    Evidence,
    Quote,
    Result,
)
from vstep.grading.v1.review_service_pb2 import (
    REVIEW_ACTION_FINISHED,
    REVIEW_STATE_CLAIMED,
    REVIEW_STATE_DONE,
    REVIEW_STATE_OPEN,
    ClaimReviewResponse,
    CriterionMark,
    GetReviewResponse,
    ListReviewsResponse,
    Marks,
    ReleaseReviewResponse,
    Review,
    ReviewAct,
    SubmitReviewResponse,
)

Told = pytest.CaptureFixture[str]
Type = Callable[..., None]

ANSWER = "I has a\tdog.\n\nIt is \N{DOG FACE} \x1b[31mbig."
WAITING = Review(
    job_id=JOB_ID,
    state=REVIEW_STATE_OPEN,
    skill=SKILL_WRITING,
    priority=REVIEW_PRIORITY_HIGH,
    reasons=[REVIEW_REASON_LOW_CONFIDENCE],
)
HELD = Review(
    job_id=JOB_ID,
    state=REVIEW_STATE_CLAIMED,
    skill=SKILL_WRITING,
    priority=REVIEW_PRIORITY_HIGH,
    holder="anna",
    claim=3,
    claim_until=Timestamp(seconds=60),
)
DONE = Review(
    job_id=JOB_ID,
    state=REVIEW_STATE_DONE,
    skill=SKILL_WRITING,
    scored_by=SCORED_BY_HYBRID,
    finish_time=Timestamp(seconds=60),
)
GRAMMAR = CriterionScore(
    criterion=CRITERION_GRAMMAR,
    score=5,
    evidence=[
        Evidence(
            message="A wrong form.",
            impact=IMPACT_LOWERS,
            points=-0.5,
            quotes=[Quote(text="has", start=2, end=5)],
        ),
        Evidence(message="Clear.", impact=IMPACT_RAISES, quotes=[Quote(start=14, end=16)]),
    ],
)
FILE = GetReviewResponse(
    review=HELD,
    prompt=Prompt(text="Write of an animal.", requirements=["Name it"]),
    writing=WritingWork(text=ANSWER),
    machine=Result(score=5, band=BAND_B2, criteria=[GRAMMAR]),
)
SCORES = ("task_fulfillment=6", "organization=6.5", "vocabulary=7", "grammar=5,5")
GIVEN = {
    CRITERION_TASK_FULFILLMENT: 6.0,
    CRITERION_ORGANIZATION: 6.5,
    CRITERION_VOCABULARY: 7.0,
    CRITERION_GRAMMAR: 5.5,
}


class Terminal(io.StringIO):
    """A stdin with somebody at it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Type:
    """What somebody types, line by line."""

    def at_the_keyboard(*lines: str) -> None:
        typed = "".join(f"{line}\n" for line in lines)
        monkeypatch.setattr("sys.stdin", Terminal(typed))

    return at_the_keyboard


def _options(*scores: str) -> list[str]:
    return [word for score in scores for word in ("--score", score)]


def _sent(server: ScriptedServer, kind: str) -> list[object]:
    return [one for one in server.requests if type(one).__name__ == f"{kind}Request"]


def test_the_queue_is_a_line_a_review(server: ScriptedServer, run: Run, capsys: Told) -> None:
    server.answers["ListReviews"] = [ListReviewsResponse(reviews=[WAITING, HELD])] * 2
    words = ("--skill", "writing", "--priority", "critical", "--state", "open")
    assert run("review", "list", *words, "--reviewer", "binh") == 0
    [request] = server.requests
    assert (request.skill, request.priority, request.state) == (
        SKILL_WRITING,
        REVIEW_PRIORITY_CRITICAL,
        REVIEW_STATE_OPEN,
    )
    assert (request.reviewer_id, request.claimed_by) == ("binh", "")
    lines = [line for line in capsys.readouterr().out.splitlines() if JOB_ID in line]
    assert len(lines) == 2
    assert all(word in lines[0] for word in ("high", "OPEN", "writing", "0 of 1", "low confidence"))
    assert "CLAIMED by anna until 1970-01-01 00:01:00 UTC" in lines[1]
    assert run("review", "list", "--json", "--mine", "--reviewer", "anna") == 0
    assert server.requests[1].claimed_by == "anna"
    assert len(json.loads(capsys.readouterr().out)["reviews"]) == 2
    assert run("review", "list", "--mine") == 2


def test_an_empty_queue_is_told(server: ScriptedServer, run: Run, capsys: Told) -> None:
    server.answers["ListReviews"] = [ListReviewsResponse()]
    assert run("review", "list") == 0
    assert capsys.readouterr().out == "no reviews\n"


def test_a_claim_is_taken_refused_and_given_back(
    server: ScriptedServer, run: Run, capsys: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Refuse(
        StatusCode.FAILED_PRECONDITION,
        "anna holds the review until 2026-03-01T09:15:00Z",
        "ERROR_REASON_REVIEW_CLAIMED",
        metadata={"holder": "anna"},
    )
    server.answers["ClaimReview"] = [ClaimReviewResponse(review=HELD), refused]
    server.answers["ReleaseReview"] = [ReleaseReviewResponse(review=WAITING)]
    monkeypatch.setenv("VSTEP_GRADING_REVIEWER", "anna")
    assert run("review", "claim", JOB_ID) == 0
    assert "CLAIMED by anna" in capsys.readouterr().out
    assert run("review", "claim", JOB_ID, "--reviewer", "binh") == 1
    assert "anna holds the review" in capsys.readouterr().err
    assert run("review", "release", JOB_ID, "--json") == 0
    assert json.loads(capsys.readouterr().out)["state"] == "REVIEW_STATE_OPEN"
    assert [request.reviewer_id for request in server.requests] == ["anna", "binh", "anna"]


def test_the_answer_bears_the_evidence_at_its_places() -> None:
    text = marked(ANSWER, numbered([GRAMMAR]))
    assert text.plain == (
        "I has[1] a dog.\n\nIt[2] is \N{DOG FACE} \N{REPLACEMENT CHARACTER}[31mbig."
    )

    def styled(style: str) -> list[str]:
        found = [span for span in text.spans if str(span.style) == style]
        return [text.plain[span.start : span.end] for span in found]

    assert styled("red underline") == ["has"]
    assert styled("green") == ["It"]
    beyond = Evidence(quotes=[Quote(start=0, end=500), Quote(start=3, end=2)])
    plain = marked("Short.", numbered([CriterionScore(evidence=[beyond])]))
    assert plain == Text("Short.")


def test_a_review_is_shown_with_what_stands_behind_it(
    server: ScriptedServer, run: Run, capsys: Told
) -> None:
    server.answers["GetReview"] = [FILE] * 2
    assert run("review", "show", JOB_ID) == 0
    told = capsys.readouterr().out
    for words in ("Write of an animal.", "- Name it", "I has[1]", "A wrong form.", "-0.50"):
        assert words in told
    assert "\x1b" not in told
    assert run("review", "show", JOB_ID, "--json") == 0
    assert json.loads(capsys.readouterr().out)["writing"]["text"] == ANSWER


def test_a_blind_review_says_so_and_a_done_one_all(
    server: ScriptedServer, run: Run, capsys: Told
) -> None:
    blind = GetReviewResponse(review=WAITING, writing=WritingWork(text="A dog."))
    done = GetReviewResponse(
        review=DONE,
        machine=FILE.machine,
        marks=[
            Marks(
                reviewer_id="anna",
                score=6,
                band=BAND_B2,
                comment="Sound.",
                scores=[CriterionMark(criterion=CRITERION_GRAMMAR, score=6)],
            )
        ],
        result=Result(score=5.5, band=BAND_B2),
        history=[ReviewAct(action=REVIEW_ACTION_FINISHED, reviewer_id="anna", caller="app")],
    )
    server.answers["GetReview"] = [blind, done]
    assert run("review", "show", JOB_ID) == 0
    assert "Marked blind" in capsys.readouterr().out
    assert run("review", "show", JOB_ID) == 0
    told = capsys.readouterr().out
    for words in ("anna: 6.0, band B2 (grammar 6.0). Sound.", "Given out: 5.5", "purged"):
        assert words in told
    assert "finished by anna (app)" in told


def test_marks_are_handed_in_as_options(server: ScriptedServer, run: Run, capsys: Told) -> None:
    server.answers["ClaimReview"] = [ClaimReviewResponse(review=HELD)] * 2
    handed = SubmitReviewResponse(review=DONE, result=Result(score=6.5))
    server.answers["SubmitReview"] = [handed] * 2
    words = ("review", "submit", JOB_ID, "--reviewer", "anna", *_options(*SCORES))
    assert run(*words, "--comment", "Sound.") == 0
    assert "given out: 6.5" in capsys.readouterr().out
    request = server.requests[-1]
    assert {mark.criterion: mark.score for mark in request.scores} == GIVEN
    assert (request.claim, request.comment, request.reviewer_id) == (3, "Sound.", "anna")
    assert run(*words, "--json") == 0
    assert json.loads(capsys.readouterr().out)["result"]["score"] == 6.5


@pytest.mark.parametrize(
    ("scores", "says"),
    [
        (SCORES[:3], "grammar must be given"),
        ((*SCORES, "grammar=6"), "given twice"),
        ((*SCORES, "fluency=6"), "is none of"),
        ((*SCORES[:3], "grammar=5.25"), "steps of 0.5"),
        ((*SCORES[:3], "grammar=10.5"), "steps of 0.5"),
        ((*SCORES[:3], "grammar"), "steps of 0.5"),
    ],
)
def test_options_that_are_no_marks_are_refused(
    server: ScriptedServer, run: Run, capsys: Told, scores: tuple[str, ...], says: str
) -> None:
    server.answers["ClaimReview"] = [ClaimReviewResponse(review=HELD)]
    assert run("review", "submit", JOB_ID, "--reviewer", "anna", *_options(*scores)) == 2
    assert says in capsys.readouterr().err
    assert not _sent(server, "SubmitReview")


@pytest.mark.parametrize("typed", ["-0.5", "10.5", "6.25", "nan", "inf", "", "six", "1e400"])
def test_only_steps_of_half_a_point_are_scores(typed: str) -> None:
    with pytest.raises(ValueError, match=r"steps of 0\.5"):
        read_score(typed)


def test_marks_are_asked_for_one_by_one_and_confirmed(
    server: ScriptedServer, run: Run, capsys: Told, types: Type
) -> None:
    server.answers["ClaimReview"] = [ClaimReviewResponse(review=HELD)] * 2
    server.answers["GetReview"] = [FILE]
    server.answers["SubmitReview"] = [SubmitReviewResponse(review=DONE, result=Result(score=6.5))]
    types("1", "1", "1", "1", "", "again", "6", "6.25", "6.5", "seven", "7", "5.5", "Sound.", "y")
    assert run("review", "submit", JOB_ID, "--reviewer", "anna") == 0
    told = capsys.readouterr()
    assert "I has[1]" in told.out
    assert told.err.count("a score must be 0 to 10 in steps of 0.5") == 2
    request = server.requests[-1]
    assert {mark.criterion: mark.score for mark in request.scores} == GIVEN
    assert request.comment == "Sound."


@pytest.mark.parametrize("lines", [("6", "q"), ("6", "6", "6", "6", "", "q"), ("6",), ()])
def test_who_leaves_gives_the_review_back(
    server: ScriptedServer, run: Run, capsys: Told, types: Type, lines: tuple[str, ...]
) -> None:
    server.answers["ClaimReview"] = [ClaimReviewResponse(review=HELD)]
    server.answers["GetReview"] = [FILE]
    server.answers["ReleaseReview"] = [ReleaseReviewResponse(review=WAITING)]
    types(*lines)
    assert run("review", "submit", JOB_ID, "--reviewer", "anna") == 1
    assert "given back" in capsys.readouterr().err
    assert len(_sent(server, "ReleaseReview")) == 1
    assert not _sent(server, "SubmitReview")


def test_a_session_goes_on_until_nothing_waits(
    server: ScriptedServer, run: Run, capsys: Told, types: Type
) -> None:
    """A review that somebody else was faster with is passed over."""
    taken = Refuse(StatusCode.FAILED_PRECONDITION, "held", "ERROR_REASON_REVIEW_CLAIMED")
    nothing, some = ListReviewsResponse(), ListReviewsResponse(reviews=[WAITING, WAITING])
    server.answers["ListReviews"] = [nothing, some, nothing, nothing]
    claimed = ClaimReviewResponse(review=HELD)
    server.answers["ClaimReview"] = [taken, claimed, claimed]
    server.answers["GetReview"] = [FILE]
    server.answers["SubmitReview"] = [SubmitReviewResponse(review=DONE, result=Result(score=6.5))]
    types("6", "6.5", "7", "5.5", "", "y")
    assert run("review", "session", "--reviewer", "anna") == 0
    told = capsys.readouterr().out
    assert "given out: 6.5" in told
    assert "no review waits for anna; 1 marked" in told
    assert [request.claimed_by for request in _sent(server, "ListReviews")] == [  # type: ignore[attr-defined]
        "anna", "", "anna", "",
    ]  # fmt: skip


def test_a_session_needs_somebody(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert run("review", "session", "--reviewer", "anna") == 2
    assert run("review", "submit", JOB_ID, "--reviewer", "anna") == 2


def test_speech_has_criteria_of_its_own(server: ScriptedServer, run: Run, capsys: Told) -> None:
    spoken = Review(job_id=JOB_ID, skill=SKILL_SPEAKING, claim=1)
    server.answers["ClaimReview"] = [ClaimReviewResponse(review=spoken)]
    assert run("review", "submit", JOB_ID, "--reviewer", "anna", *_options("grammar=6")) == 2
    told = capsys.readouterr().err
    assert "vocabulary, pronunciation, fluency, discourse_management must be given" in told
