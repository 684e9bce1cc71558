"""A learner's words: in no log, error, event, span or metric; once erased, in no table or folder.

One stack lives through all that may happen to them; what is left of it is then looked at.
"""

import http.client
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode

from embedded.ports import free_port
from tests.stack.collector import Collector
from tests.stack.door import Refused, refusal
from tests.stack.evidence import honest
from tests.stack.postgres import Databases
from tests.stack.provider.answers import Answer, cut_off, filtered
from tests.stack.provider.answers import refusal as model_refusal
from tests.stack.provider.errors import error as api_error
from tests.stack.provider.exchange import Script
from tests.stack.provider.server import Provider
from tests.stack.rabbitmq import PrivateRabbit
from tests.stack.stack import EMBEDDED, Server, Stack
from tests.stack.submissions import spoken, submission
from tests.stack.uploading import WAV, upload
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED, JOB_STATE_FAILED

#: Stands in all that a learner, a teacher or a model says here, and in nothing else.
MARK = "zyxwvomarkqpn"
#: Stands in what lets somebody in.
SECRET = "secretqjvxzk"

ESSAY = (
    f"Many people of {MARK} want to keep wild animals at home. I believe that {MARK} belong in "
    f"the forest. An animal that is used to {MARK} becomes ill in a cage. My uncle from {MARK} "
    f"bought a monkey, and it died after one winter. In conclusion, {MARK} should be admired."
)
RECORDING = WAV + MARK.encode()


@dataclass
class Aftermath:
    """What a stack went through, and what everybody was told."""

    stack: Stack
    server: Server
    #: What the server and the worker tell Prometheus.
    metrics: list[str] = field(default_factory=list)
    #: What was sent to the collector of traces.
    spans: list[bytes] = field(default_factory=list)
    told: list[Refused] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)


def _own(text: str = ESSAY) -> messages.SubmitJobRequest:
    request = submission(text)
    request.prompt.text = f"Write about {MARK}."
    request.prompt.requirements[:] = [f"Name two reasons for {MARK}"]
    return request


def _invalid() -> Iterator[messages.SubmitJobRequest]:
    """Each field broken, with the mark in it."""
    for name, value in {
        "request_id": MARK,
        "submission_id": f"{MARK} of mine",
        "user_id": f"{MARK} ạ",
        "attempt": 0,
    }.items():
        request = _own()
        setattr(request, name, value)
        yield request
    yield _own(MARK + "\x00")
    yield _own(MARK * 2000)
    request = _own()
    request.prompt.text = MARK + "\x00"
    request.prompt.requirements[:] = [MARK * 100] * 11
    yield request
    yield spoken(audio_url=f"http://media.example.org/{MARK}")
    yield spoken(audio_id=MARK)
    request = _own()
    request.writing.task = 9  # type: ignore[assignment]
    yield request


@pytest.fixture(scope="module")
def aftermath(
    databases: Databases, rabbit: PrivateRabbit, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Aftermath]:
    """A server and the product's worker at their most talkative, after all that may happen."""
    with (
        databases.lend() as database,
        rabbit.virtual_host() as url,
        Provider() as provider,
        Collector() as collector,
    ):
        stack = Stack(database, url, tmp_path_factory.mktemp("private"))
        ports = free_port(), free_port()
        stack.settings |= {
            "LOG_LEVEL": "debug",
            "OPENAI_API_KEY": SECRET,
            "OPENAI_BASE_URL": provider.url,
            "OPENAI_MODEL": "model-one",
            "GRADING_SCORERS": "evidence",
            "GRADING_MAX_RETRIES": "2",
            "GRADING_METRICS_PORT": str(ports[0]),
            "WORKER_METRICS_PORT": str(ports[1]),
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        provider.chat.choose = honest
        try:
            server = stack.start_server()
            found = Aftermath(stack, server)
            stack.start_worker(EMBEDDED, concurrency=2, queues="writing,speaking")
            _submit_all(found, provider)
            _refuse_all(found)
            found.metrics = [_told_at(port) for port in ports]
            # The last call of all, of the server; and what a worker does last with a job.
            collector.await_named("/vstep.grading.v1.GradingService/ListJobs")
            collector.await_named("run", len(found.jobs) - 1)
            found.spans = list(collector.bodies)
            yield found
        finally:
            stack.stop()


def _told_at(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/metrics")
    told = connection.getresponse().read().decode()
    connection.close()
    return told


def _submit_all(found: Aftermath, provider: Provider) -> None:
    """Jobs that are graded at once, after faults, and not at all."""
    grading = found.server.door.grading
    faults: list[list[Script]] = [
        [Answer(f'{{"quote": "{MARK}"')],
        [cut_off(f'{{"quote": "{MARK}')],
        [filtered(MARK)],
        [model_refusal(f"I won't speak of {MARK}.")],
        [api_error(400, f"bad {MARK}", "invalid_request_error"), Answer(MARK)],
        [api_error(500, f"broken by {MARK}", "server_error")],
        [api_error(401, f"no {SECRET} of {MARK}", "invalid_request_error")],
    ]
    for scripts in [[], *faults]:
        provider.chat.queue(*scripts)
        job = grading.SubmitJob(_own(), timeout=30).job
        watcher = found.server.door.watch(job.id)
        assert watcher.wait(100).code is StatusCode.OK
        found.jobs.append(job.id)
        found.events += [f"{event.message} {event.error.message}" for event in watcher.events]
    states = {
        grading.GetJob(messages.GetJobRequest(job_id=job_id)).job.state for job_id in found.jobs
    }
    assert states == {JOB_STATE_COMPLETED, JOB_STATE_FAILED}
    audio_id = upload(found.server.door, RECORDING).audio_id
    for request in (
        spoken(audio_id, prompt=f"Talk of {MARK}."),
        spoken(audio_url=f"https://media.example.org/{MARK}.webm", prompt=f"Talk of {MARK}."),
    ):
        job = grading.SubmitJob(request, timeout=30).job
        watcher = found.server.door.watch(job.id)
        assert watcher.wait(100).code is StatusCode.OK
        found.jobs.append(job.id)
        found.events += [f"{event.message} {event.error.message}" for event in watcher.events]


def _refuse_all(found: Aftermath) -> None:
    door = found.server.door
    grading = door.grading
    for request in _invalid():
        found.told.append(refusal(lambda request=request: grading.SubmitJob(request)))  # type: ignore[misc]
        broken = request.SerializeToString().replace(MARK.encode(), b"\xff" + MARK[1:].encode())
        raw: Any = door.channel.unary_unary("/vstep.grading.v1.GradingService/SubmitJob")
        found.told.append(refusal(lambda broken=broken, raw=raw: raw(broken)))  # type: ignore[misc]
    used = _own()
    grading.SubmitJob(used, timeout=30)
    used.writing.text += " More."
    found.told.append(refusal(lambda: grading.SubmitJob(used)))
    batch = messages.BatchSubmitJobsRequest(requests=_invalid())
    for outcome in grading.BatchSubmitJobs(batch, timeout=30).outcomes:
        assert MARK not in str(outcome.refusal)
    found.jobs.append(
        grading.ListJobs(messages.ListJobsRequest(page_size=1), timeout=30).jobs[0].id
    )
    for asked in (
        lambda: grading.ListJobs(messages.ListJobsRequest(page_token=MARK)),
        lambda: list(grading.WatchJobs(messages.WatchJobsRequest(cursor=MARK))),
        lambda: grading.GetJob(messages.GetJobRequest(job_id=MARK)),
    ):
        found.told.append(refusal(asked))


def _assert_clean(text: str, what: str) -> None:
    for word in (MARK, SECRET, MARK.encode().hex()):
        at = text.find(word)
        assert at < 0, (what, text[max(at - 300, 0) : at + 300])


def test_no_log_holds_them(aftermath: Aftermath) -> None:
    logs = sorted(aftermath.stack.folder.glob("*.log"))
    assert len(logs) == 2
    for log in logs:
        said = log.read_text(errors="replace")
        assert '"level": "debug"' in said or "job_claimed" in said or "call" in said
        _assert_clean(said, log.name)


def test_no_refusal_holds_them(aftermath: Aftermath) -> None:
    assert len(aftermath.told) > 20
    for refused in aftermath.told:
        assert refused.code in {StatusCode.INVALID_ARGUMENT, StatusCode.ALREADY_EXISTS}
        _assert_clean(repr(refused), refused.reason)


def test_no_event_and_no_failure_holds_them(aftermath: Aftermath) -> None:
    assert len(aftermath.events) > 20
    for told in aftermath.events:
        _assert_clean(told, "event")


def test_no_metric_holds_them(aftermath: Aftermath) -> None:
    for told in aftermath.metrics:
        assert "vstep_build_info" in told
        _assert_clean(told, "metrics")


def test_no_span_holds_them(aftermath: Aftermath) -> None:
    assert len(aftermath.spans) > 1
    for sent in aftermath.spans:
        _assert_clean(sent.decode("latin-1"), "spans")


_COLUMNS = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY table_name
"""


def _rows_with_them(aftermath: Aftermath) -> dict[str, int]:
    """How many rows of each table hold a learner's words, as text, JSON or bytes."""
    database = aftermath.stack.database
    found = {}
    for table in [row["table_name"] for row in database.rows(_COLUMNS)]:
        [row] = database.rows(
            f"SELECT count(*) AS rows FROM {table} AS t"  # noqa: S608
            " WHERE strpos(t::text, %s) > 0 OR strpos(t::text, %s) > 0",
            MARK,
            MARK.encode().hex(),
        )
        if row["rows"]:
            found[table] = row["rows"]
    return found


def _files_with_them(folder: Path) -> list[str]:
    return sorted(
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and (MARK.encode() in file.read_bytes() or WAV in file.read_bytes())
    )


def test_erasing_the_jobs_leaves_them_nowhere(aftermath: Aftermath) -> None:
    before = _rows_with_them(aftermath)
    # The search sees what there is: answers, results with quotes, what a model said.
    assert {"answers", "results", "provider_answers"} <= before.keys()
    assert [name.split("/")[0] for name in _files_with_them(aftermath.stack.folder)] == [
        "recordings"
    ]
    for job_id in aftermath.jobs:
        request = messages.DeleteJobRequest(job_id=job_id)
        aftermath.server.door.grading.DeleteJob(request, timeout=30)
    assert _rows_with_them(aftermath) == {}
    until(lambda: not _files_with_them(aftermath.stack.folder))
    assert aftermath.stack.database.rows("SELECT * FROM recordings") == []
