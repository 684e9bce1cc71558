"""An essay from the door to its result, with the real embedded grader and people's tools."""

import json
import subprocess
from typing import Any
from uuid import uuid4

import pytest
import yaml
from grpc import StatusCode

from tests.stack.door import READINESS
from tests.stack.process import CHECKOUT
from tests.stack.stack import EMBEDDED, Server, Stack
from tests.stack.submissions import submission
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED
from vstep.grading.v1.result_pb2 import (
    BAND_B1,
    BAND_B2,
    BAND_BELOW_B1,
    BAND_C1,
    CRITERION_GRAMMAR,
    CRITERION_ORGANIZATION,
    CRITERION_TASK_FULFILLMENT,
    CRITERION_VOCABULARY,
    FEEDBACK_LANGUAGE_ENGLISH,
    FEEDBACK_LANGUAGE_UNSPECIFIED,
    FEEDBACK_LANGUAGE_VIETNAMESE,
    Result,
)

_, _HEAD, _BODY = (
    (CHECKOUT / "tests/cases/writing/traffic-b2-essay.md").read_text().split("---\n", 2)
)
ESSAY = _BODY.strip()
PROMPT: str = yaml.safe_load(_HEAD)["prompt"]


@pytest.fixture(scope="module")
def server(databases: Any, rabbit: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A stack of its own, whose worker is the product's."""
    with databases.lend() as database, rabbit.virtual_host() as url:
        stack = Stack(database, url, tmp_path_factory.mktemp("embedded"))
        stack.settings["GRADING_LEASE_SECONDS"] = "30"
        stack.start_worker(EMBEDDED)
        started = stack.start_server()
        started.await_health("workers", seconds=60)
        yield started
        stack.stop()


def _essay() -> messages.SubmitJobRequest:
    request = submission(ESSAY)
    request.prompt.text = PROMPT
    del request.prompt.requirements[:]
    return request


def test_an_essay_is_submitted_watched_and_fetched(server: Server) -> None:
    request = _essay()
    answer = server.door.grading.SubmitJob(request)
    assert not answer.deduplicated
    watcher = server.door.watch(answer.job.id)

    assert watcher.wait(60).code is StatusCode.OK
    assert watcher.sequences == list(range(1, len(watcher.events) + 1))
    assert watcher.events[-1].state == JOB_STATE_COMPLETED

    fetch = messages.GetResultRequest(job_id=answer.job.id)
    result = server.door.grading.GetResult(fetch).result
    _assert_sound(result)
    assert watcher.events[-1].result.score == result.score
    assert watcher.events[-1].result.band == result.band

    repeated = server.door.grading.SubmitJob(request)
    assert repeated.deduplicated
    assert repeated.job.id == answer.job.id
    assert repeated.job.state == JOB_STATE_COMPLETED


def _assert_sound(result: Result) -> None:
    assert [criterion.criterion for criterion in result.criteria] == [
        CRITERION_TASK_FULFILLMENT,
        CRITERION_ORGANIZATION,
        CRITERION_VOCABULARY,
        CRITERION_GRAMMAR,
    ]
    assert sum(criterion.weight for criterion in result.criteria) == pytest.approx(1)
    scores = [(result.score, result.band)]
    scores += [(criterion.score, criterion.band) for criterion in result.criteria]
    for score, band in scores:
        assert score * 2 == int(score * 2)
        assert band == _band(score)
    quotes = [
        quote
        for criterion in result.criteria
        for evidence in criterion.evidence
        for quote in evidence.quotes
    ]
    assert quotes
    for quote in quotes:
        assert ESSAY[quote.start : quote.end] == quote.text
    assert result.provenance.run == 1
    assert result.provenance.rubric_version
    assert result.provenance.grading_duration.ToTimedelta().total_seconds() > 0
    assert result.word_count > 200


def _band(score: float) -> int:
    bands = ((8.5, BAND_C1), (6.0, BAND_B2), (4.0, BAND_B1), (0.0, BAND_BELOW_B1))
    return next(band for lowest, band in bands if score >= lowest)


def test_feedback_comes_in_the_language_that_was_asked_for(server: Server) -> None:
    told = {}
    for language in (FEEDBACK_LANGUAGE_UNSPECIFIED, FEEDBACK_LANGUAGE_VIETNAMESE):
        request = _essay()
        request.feedback_language = language
        job = server.door.grading.SubmitJob(request).job
        assert server.door.watch(job.id).wait(60).code is StatusCode.OK
        fetch = messages.GetResultRequest(job_id=job.id)
        told[language] = server.door.grading.GetResult(fetch).result.feedback
    english = told[FEEDBACK_LANGUAGE_UNSPECIFIED]
    vietnamese = told[FEEDBACK_LANGUAGE_VIETNAMESE]
    assert english.language == FEEDBACK_LANGUAGE_ENGLISH
    assert vietnamese.language == FEEDBACK_LANGUAGE_VIETNAMESE
    assert english.strengths
    assert vietnamese.to_work_on
    assert all("Your" in item.text or "You" in item.text for item in english.strengths)
    assert all(set("ăâđêôơưạế") & set(item.text) for item in vietnamese.to_work_on)
    for one, other in zip(english.strengths, vietnamese.strengths, strict=True):
        assert (one.criterion, list(one.quotes)) == (other.criterion, list(other.quotes))
        assert one.text != other.text


def test_the_same_essay_gets_the_same_scores(server: Server) -> None:
    results = []
    for _ in range(2):
        job = server.door.grading.SubmitJob(_essay()).job
        server.door.watch(job.id).wait(60)
        result = server.door.grading.GetResult(messages.GetResultRequest(job_id=job.id)).result
        result.ClearField("job_id")
        result.ClearField("create_time")
        result.provenance.ClearField("grading_duration")
        results.append(result)
    assert results[0] == results[1]


def test_an_answer_of_the_greatest_length_is_graded(server: Server) -> None:
    longest = (ESSAY * 20)[:20_000]
    assert len(longest) == 20_000
    request = submission(longest)
    job = server.door.grading.SubmitJob(request).job
    watcher = server.door.watch(job.id)
    assert watcher.wait(100).code is StatusCode.OK
    assert watcher.events[-1].state == JOB_STATE_COMPLETED


@pytest.mark.parametrize(
    "text", ["!", "\u200b", "🙂" * 50, "a\r\nb\r\n", "ạ́" * 300, "]]>\\x00%s{}"]
)
def test_no_text_breaks_the_grader(server: Server, text: str) -> None:
    job = server.door.grading.SubmitJob(submission(text)).job
    watcher = server.door.watch(job.id)
    assert watcher.wait(60).code is StatusCode.OK
    assert watcher.events[-1].state == JOB_STATE_COMPLETED, watcher.events[-1]


def _run(arguments: list[str]) -> str:
    ended = subprocess.run(
        arguments, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def _grpcurl(server: Server, *arguments: str, data: dict[str, object] | None = None) -> str:
    sent = [] if data is None else ["-d", json.dumps(data)]
    program = str(CHECKOUT / ".venv" / "bin" / "grpcurl")
    return _run([program, "-plaintext", *sent, server.door.address, *arguments])


def _documents(text: str) -> list[Any]:
    """Read JSON documents that follow each other."""
    decoder, found = json.JSONDecoder(), []
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


def _as_json() -> dict[str, object]:
    return {
        "requestId": str(uuid4()),
        "submissionId": f"submission-{uuid4()}",
        "attempt": 1,
        "userId": "learner-1",
        "prompt": {"text": PROMPT},
        "writing": {"task": "WRITING_TASK_ESSAY", "text": ESSAY},
    }


def test_grpcurl_lists_submits_watches_and_fetches(server: Server) -> None:
    assert READINESS in _grpcurl(server, "list").split()
    assert f"{READINESS}.SubmitJob" in _grpcurl(server, "list", READINESS).split()

    submitted = _documents(_grpcurl(server, f"{READINESS}/SubmitJob", data=_as_json()))
    job = submitted[0]["job"]
    assert job["state"] == "JOB_STATE_QUEUED"
    watched = _documents(_grpcurl(server, f"{READINESS}/WatchJob", data={"jobId": job["id"]}))
    events = [message["event"] for message in watched if "event" in message]
    assert [int(event["sequence"]) for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["state"] == "JOB_STATE_COMPLETED"
    fetched = _documents(_grpcurl(server, f"{READINESS}/GetResult", data={"jobId": job["id"]}))
    assert fetched[0]["result"]["score"] == events[-1]["result"]["score"]
    assert len(fetched[0]["result"]["criteria"]) == 4


def test_buf_curl_submits(server: Server) -> None:
    answer = _run(
        [
            str(CHECKOUT / ".venv" / "bin" / "buf"), "curl",
            "--protocol", "grpc", "--http2-prior-knowledge",
            "--data", json.dumps(_as_json()),
            f"http://{server.door.address}/{READINESS}/SubmitJob",
        ]
    )  # fmt: skip
    assert json.loads(answer)["job"]["state"] == "JOB_STATE_QUEUED"
