"""Recordings from the door to their results, with the product's worker and a TypeScript client.

One worker serves all of these: it takes seconds to load its models.
"""

import difflib
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.json_format import ParseDict
from grpc import StatusCode

from tests.stack.authority import Authority
from tests.stack.door import Watcher
from tests.stack.history import check_history, stored_jobs
from tests.stack.media_host import ADDRESS, MediaHost, Reply, media_host
from tests.stack.process import CHECKOUT
from tests.stack.recordings import files_left
from tests.stack.stack import EMBEDDED, Server, Stack, Worker
from tests.stack.submissions import spoken
from tests.stack.uploading import upload
from tests.stack.waiting import until
from tests.unit.speaking.encoding import film
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.error_pb2 import ERROR_REASON_AUDIO_REFUSED
from vstep.grading.v1.job_pb2 import (
    JOB_STATE_ANALYZING,
    JOB_STATE_COMPLETED,
    JOB_STATE_FAILED,
    JOB_STATE_GRADING,
    JOB_STATE_PROCESSING,
    JOB_STATE_QUEUED,
    JOB_STATE_RETRYING,
    SPEAKING_PART_TOPIC_DEVELOPMENT,
    Job,
    JobEvent,
)
from vstep.grading.v1.result_pb2 import (
    BAND_UNSPECIFIED,
    CRITERION_DISCOURSE_MANAGEMENT,
    CRITERION_FLUENCY,
    CRITERION_GRAMMAR,
    CRITERION_PRONUNCIATION,
    CRITERION_VOCABULARY,
    NOT_ASSESSABLE_REASON_NOISE,
    NOT_ASSESSABLE_REASON_SILENCE,
    NOT_ASSESSABLE_REASON_TONE,
    Result,
)

CASES = CHECKOUT / "tests" / "cases" / "speech"
RECORDINGS = CHECKOUT / "embedded" / "recordings"
ANSWER = CASES / "synthetic-answer.webm"
PROMPT = (RECORDINGS / "prompt.txt").read_text("utf-8").strip()
SAID = " ".join((RECORDINGS / "synthetic-answer.txt").read_text("utf-8").split(". ")[:3])
SECONDS = 21
SILENCE = (CASES / "silence.flac").read_bytes()


@dataclass
class Ground:
    """The stack of these tests."""

    stack: Stack
    server: Server
    worker: Worker
    media: MediaHost
    #: Where the worker keeps what has no better place.
    temporary: Path

    def submit(self, request: messages.SubmitJobRequest) -> tuple[Job, Watcher]:
        """Submit work, and watch it."""
        job = self.server.door.grading.SubmitJob(request).job
        return job, self.server.door.watch(job.id)

    def grade(self, request: messages.SubmitJobRequest) -> tuple[Job, list[JobEvent]]:
        """Submit work, and wait for its end; gives the job as it stands then, and its log."""
        job, watcher = self.submit(request)
        assert watcher.wait(90).code is StatusCode.OK
        assert watcher.sequences == list(range(1, len(watcher.events) + 1))
        return self.job(job.id), watcher.events

    def job(self, job_id: str) -> Job:
        """How a job stands."""
        return self.server.door.grading.GetJob(messages.GetJobRequest(job_id=job_id)).job

    def result(self, job_id: str) -> Result:
        """The result of a job."""
        fetch = messages.GetResultRequest(job_id=job_id)
        return self.server.door.grading.GetResult(fetch).result

    def upload(self, content: bytes) -> messages.SubmitJobRequest:
        """Upload a recording; gives a submission of it."""
        return spoken(upload(self.server.door, content).audio_id)

    def start_worker(self) -> Worker:
        """Start the product's worker for recordings."""
        return self.stack.start_worker(EMBEDDED, queues="speaking")


@pytest.fixture(scope="module")
def ground(
    databases: Any, rabbit: Any, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("spoken")
    temporary = folder / "temporary"
    temporary.mkdir()
    with (
        databases.lend() as database,
        rabbit.virtual_host() as url,
        media_host(authority) as media,
    ):
        stack = Stack(database, url, folder)
        # Two seconds are little for a process that shares its core.
        stack.settings["GRADING_LEASE_SECONDS"] = "6"
        stack.settings["GRADING_AUDIO_HOSTS"] = f"{ADDRESS}:{media.port}={ADDRESS}"
        stack.settings["SSL_CERT_FILE"] = str(authority.file)
        stack.settings["TMPDIR"] = str(temporary)
        server = stack.start_server()
        made = Ground(
            stack, server, stack.start_worker(EMBEDDED, queues="speaking"), media, temporary
        )
        server.await_health("workers", seconds=90)
        try:
            yield made
        finally:
            stack.stop()


@dataclass(frozen=True)
class Graded:
    """What a client in TypeScript was told of the recording that it streamed."""

    audio_id: str
    events: list[JobEvent]
    result: Result


@pytest.fixture(scope="module")
def graded(ground: Ground) -> Graded:
    """A WebM with Opus, streamed, submitted, watched and fetched by Node."""
    ended = subprocess.run(
        [
            str(CHECKOUT / ".venv" / "bin" / "node"),
            str(CHECKOUT / "tests" / "typescript" / "grade-recording.ts"),
            ground.server.door.address,
            str(ANSWER),
            PROMPT,
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    return Graded(
        told[0]["audioId"],
        [ParseDict(line["event"], JobEvent()) for line in told if "event" in line],
        ParseDict(told[-1]["result"], Result()),
    )


def test_a_typescript_client_streams_a_recording(ground: Ground, graded: Graded) -> None:
    [row] = ground.stack.database.rows(
        "SELECT * FROM recordings WHERE id = %s", UUID(graded.audio_id)
    )
    assert (row["user_id"], row["container"]) == ("typescript-learner", "matroska")
    assert (ground.stack.recordings / row["key"]).read_bytes() == ANSWER.read_bytes()


def test_it_watches_it_being_heard(graded: Graded) -> None:
    events = graded.events
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    states = [event.state for event in events]
    assert [here for here, after in pairwise([*states, None]) if here != after] == [
        JOB_STATE_QUEUED,
        JOB_STATE_PROCESSING,
        JOB_STATE_ANALYZING,
        JOB_STATE_GRADING,
        JOB_STATE_COMPLETED,
    ]
    progress = [event.progress for event in events if event.run == 1]
    assert progress == sorted(progress)
    heard = [
        int(found[1])
        for event in events
        if (found := re.fullmatch(rf"Transcribing: (\d+) of {SECONDS} seconds", event.message))
    ]
    assert heard[0] == 0 and heard[-1] == SECONDS
    assert heard == sorted(heard)
    assert len(set(heard)) > 2
    assert events[-1].result.score == graded.result.score


def test_it_gets_five_criteria(graded: Graded) -> None:
    result = graded.result
    assert {criterion.criterion for criterion in result.criteria} == {
        CRITERION_GRAMMAR,
        CRITERION_VOCABULARY,
        CRITERION_PRONUNCIATION,
        CRITERION_FLUENCY,
        CRITERION_DISCOURSE_MANAGEMENT,
    }
    assert not result.absent_criteria
    assert sum(criterion.weight for criterion in result.criteria) == pytest.approx(1)
    for criterion in result.criteria:
        assert criterion.weight == pytest.approx(0.2)
        assert criterion.score * 2 == int(criterion.score * 2)
        assert criterion.evidence and criterion.descriptor
    mean = sum(criterion.score for criterion in result.criteria) / 5
    assert result.exact_score == pytest.approx(mean)
    assert not result.HasField("not_assessable")
    assert not result.caps
    assert result.confidence.value > 0
    assert result.provenance.run == 1
    assert result.provenance.grader == "embedded-speaking"
    assert result.feedback.to_work_on


def test_it_gets_the_words_in_their_order_with_their_times(graded: Graded) -> None:
    words = graded.result.transcript.words
    plain = [re.sub(r"\W", "", word.text).lower() for word in words]
    said = [re.sub(r"\W", "", word).lower() for word in SAID.split()]
    alike = difflib.SequenceMatcher(None, said, plain, autojunk=False).ratio()
    assert alike > 0.9, " ".join(plain)
    for word in words:
        assert 0 <= word.start <= word.end <= graded.result.audio.seconds
        assert 0 < word.confidence <= 1
    starts = [word.start for word in words]
    assert starts == sorted(starts)
    assert graded.result.transcript.language == "en"
    assert graded.result.transcript.engine.startswith("whisper-base")
    # Where a word is said can be heard there: the last one near the end.
    assert words[-1].end > SECONDS - 3


def test_it_gets_evidence_in_seconds(graded: Graded) -> None:
    moments = [
        moment
        for criterion in graded.result.criteria
        for evidence in criterion.evidence
        for moment in evidence.moments
    ]
    assert moments
    times = {word.start: word.text for word in graded.result.transcript.words}
    for moment in moments:
        assert 0 <= moment.start < moment.end <= graded.result.audio.seconds
        if moment.text and moment.start in times:
            assert moment.text.split()[0] == times[moment.start]
    assert any(moment.text for moment in moments)
    assert not any(evidence.quotes for one in graded.result.criteria for evidence in one.evidence)


def test_it_gets_the_quality_of_the_sound(graded: Graded) -> None:
    audio = graded.result.audio
    assert audio.seconds == pytest.approx(SECONDS, abs=0.5)
    assert 12 < audio.speech_seconds < audio.seconds
    assert -40 < audio.level_dbfs < audio.peak_dbfs <= 0
    assert 0 <= audio.clipped_share < 0.01


def test_the_same_from_its_address_is_graded_the_same(ground: Ground, graded: Graded) -> None:
    ground.media.replies["/answer"] = Reply(ANSWER.read_bytes())
    request = spoken(audio_url=ground.media.url("/answer", ADDRESS), prompt=PROMPT)
    request.speaking.part = SPEAKING_PART_TOPIC_DEVELOPMENT
    job, _ = ground.grade(request)
    assert job.state == JOB_STATE_COMPLETED
    assert ground.media.asked.count("/answer") == 1

    fetched, uploaded = ground.result(job.id), Result()
    uploaded.CopyFrom(graded.result)
    for result in (fetched, uploaded):
        result.ClearField("job_id")
        result.ClearField("create_time")
        result.ClearField("audit")
        result.provenance.ClearField("grading_duration")
    assert fetched == uploaded

    [row] = ground.stack.database.rows(
        "SELECT key FROM recordings JOIN answers ON recording_id = recordings.id WHERE job_id = %s",
        UUID(job.id),
    )
    assert (ground.stack.recordings / row["key"]).read_bytes() == ANSWER.read_bytes()
    ground.server.door.grading.DeleteJob(messages.DeleteJobRequest(job_id=job.id))
    assert row["key"] not in files_left(ground.stack.recordings)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("silence.flac", NOT_ASSESSABLE_REASON_SILENCE),
        ("noise.ogg", NOT_ASSESSABLE_REASON_NOISE),
        ("tone.flac", NOT_ASSESSABLE_REASON_TONE),
    ],
)
def test_where_nobody_speaks_there_is_nothing_to_grade(
    file: str, reason: int, ground: Ground
) -> None:
    job, events = ground.grade(ground.upload((CASES / file).read_bytes()))
    assert job.state == JOB_STATE_COMPLETED
    assert not job.review_reasons
    assert events[-1].result.not_assessable.reason == reason
    assert not any("Transcribing" in event.message for event in events)

    result = ground.result(job.id)
    assert result.not_assessable.reason == reason
    assert result.not_assessable.message
    # No score of zero, and nothing that nobody said.
    assert (result.score, result.band) == (0, BAND_UNSPECIFIED)
    assert not result.criteria and not result.caps
    assert not result.HasField("transcript") and not result.HasField("feedback")
    assert result.audio.seconds == pytest.approx(6, abs=0.1)
    assert result.audio.speech_seconds < 1


def _wav_of_hours() -> bytes:
    """36,000 seconds in 72 kB: one sample a second."""
    head = "57415645666d7420100000000100010001000000020000000200100064617461"
    data = bytes(72_000)
    size = len(data).to_bytes(4, "little")
    return b"RIFF" + (len(data) + 36).to_bytes(4, "little") + bytes.fromhex(head) + size + data


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ((CASES / "truncated.ogg").read_bytes(), "truncated"),
        (ANSWER.read_bytes()[:30_000], "truncated"),
        (b"fLaC" + bytes(5_000), "undecodable"),
        (b"\x1a\x45\xdf\xa3" + b"\xff" * 5_000, "undecodable"),
        (b"\xff\xfb\x90\x00" + b"This is a text. " * 500, "undecodable"),
        (film(), "no_audio"),
        (_wav_of_hours(), "too_long"),
    ],
    ids=["cut ogg", "cut webm", "corrupt flac", "corrupt webm", "text", "film", "hours"],
)
def test_what_can_not_be_used_fails_for_good(content: bytes, problem: str, ground: Ground) -> None:
    job, events = ground.grade(ground.upload(content))
    assert (job.state, job.run, job.retries) == (JOB_STATE_FAILED, 1, 0)
    assert job.error.reason == ERROR_REASON_AUDIO_REFUSED
    assert job.error.message.startswith(f"{problem}: ")
    assert events[-1].error == job.error
    assert JOB_STATE_RETRYING not in {event.state for event in events}
    assert "Traceback" not in ground.worker.output()


def test_the_worker_goes_on_after_all_that(ground: Ground) -> None:
    for content in (b"fLaC" + bytes(5_000), _wav_of_hours()):
        ground.grade(ground.upload(content))
    job, _ = ground.grade(ground.upload(SILENCE))
    assert job.state == JOB_STATE_COMPLETED
    assert ground.worker.running
    workers = ground.stack.database.rows("SELECT DISTINCT worker FROM runs")
    assert len(workers) == 1


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(status=404), "unreachable: Its address answers with 404."),
        (Reply(status=302, headers={"Location": "http://169.254.169.254/"}), "unreachable: Not "),
        (Reply(b"<!doctype html><title>Log in</title>"), "undecodable: "),
        (Reply(b"RIFF", length=10**9), "too_large: "),
    ],
    ids=["not there", "elsewhere", "a page", "too large"],
)
def test_an_address_that_gives_no_recording_fails_for_good(
    reply: Reply, says: str, ground: Ground
) -> None:
    ground.media.replies["/refused"] = reply
    job, _ = ground.grade(spoken(audio_url=ground.media.url("/refused", ADDRESS)))
    assert (job.state, job.run) == (JOB_STATE_FAILED, 1)
    assert job.error.reason == ERROR_REASON_AUDIO_REFUSED
    assert job.error.message.startswith(says)


def test_a_host_that_is_not_listed_is_never_asked(ground: Ground) -> None:
    """The very same server, by another name and by another port."""
    before = list(ground.media.asked)
    for url in (
        ground.media.url("/answer", "localhost"),
        f"https://{ADDRESS}/answer",
        "https://169.254.169.254/latest/meta-data/",
    ):
        job, _ = ground.grade(spoken(audio_url=url))
        assert (job.state, job.run) == (JOB_STATE_FAILED, 1)
        assert job.error.reason == ERROR_REASON_AUDIO_REFUSED
        assert job.error.message.startswith("unreachable: Not fetched: its host is not one")
    assert ground.media.asked == before


def test_a_host_that_is_down_is_asked_again(ground: Ground) -> None:
    ground.media.replies["/later"] = Reply(status=503)
    job, watcher = ground.submit(spoken(audio_url=ground.media.url("/later", ADDRESS)))
    until(lambda: any(event.state == JOB_STATE_RETRYING for event in watcher.events))
    ground.media.replies["/later"] = Reply(SILENCE)
    assert watcher.wait(60).code is StatusCode.OK
    ended = ground.job(job.id)
    assert ended.state == JOB_STATE_COMPLETED
    assert ended.run == ended.retries + 1 >= 2


def _transcribing(watcher: Watcher, run: int) -> bool:
    return any(event.run == run and "Transcribing" in event.message for event in watcher.events)


def test_a_worker_that_is_killed_while_it_transcribes_loses_and_doubles_nothing(
    ground: Ground,
) -> None:
    job, watcher = ground.submit(ground.upload(ANSWER.read_bytes()))
    until(partial(_transcribing, watcher, 1), seconds=60)
    ground.worker.kill()
    assert watcher.events[-1].state == JOB_STATE_ANALYZING
    # Nothing of the learner's stays where it was while the worker had it.
    assert files_left(ground.temporary) == []
    ground.worker = ground.start_worker()

    assert watcher.wait(100).code is StatusCode.OK
    assert watcher.sequences == list(range(1, len(watcher.events) + 1))
    states = [event.state for event in watcher.events]
    assert states.count(JOB_STATE_RETRYING) == 1
    assert states.count(JOB_STATE_COMPLETED) == 1
    ended = ground.job(job.id)
    assert (ended.state, ended.run, ended.retries) == (JOB_STATE_COMPLETED, 2, 1)
    assert ground.result(job.id).provenance.run == 2
    engine = ground.stack.database.make_engine(pool_size=1)
    with engine.connect() as conn:
        history = stored_jobs(conn)[UUID(job.id)]
    engine.dispose()
    check_history(history)
    assert [run["outcome"] for run in history["runs"]] == ["lost", "completed"]
    assert len(history["results"]) == 1
