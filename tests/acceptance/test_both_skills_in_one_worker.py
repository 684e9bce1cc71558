"""One worker that takes both queues, as the embedded stack's does, with either key."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from grpc import StatusCode

from tests.stack.evidence import honest
from tests.stack.provider.server import Provider
from tests.stack.provider.transcriptions import heard
from tests.stack.recorded_submission import submit_answer
from tests.stack.stack import EMBEDDED, Stack
from tests.stack.submissions import submission
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.result_pb2 import Result

ESSAY = (
    "Many people want to keep wild animals at home. I believe that they belong in the forest. "
    "An animal that is used to running free becomes ill in a cage. My uncle bought a monkey, and "
    "it died after one winter. In conclusion, wild animals should be admired where they live."
)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        started.chat.choose = honest
        started.transcriptions.choose = lambda _: heard()
        yield started


@pytest.mark.parametrize("prefix", ["OPENAI", "STT"])
def test_each_key_reaches_the_skills_that_it_serves(
    stack: Stack, provider: Provider, tmp_path: Path, prefix: str
) -> None:
    stack.settings |= {
        f"{prefix}_API_KEY": "key",
        f"{prefix}_BASE_URL": provider.url,
        "GRADING_AUDIO_URL": f"file://{tmp_path / 'recordings'}",
        "GRADING_MEASURING_PROCESSES": "1",
    }
    server = stack.start_server()
    stack.start_worker(EMBEDDED, concurrency=8, queues="writing,speaking")
    grading = server.door.grading
    jobs = [grading.SubmitJob(submission(ESSAY)).job.id, submit_answer(server)]
    results: list[Result] = []
    for job_id in jobs:
        assert server.door.watch(job_id).wait(100).code is StatusCode.OK
        results.append(grading.GetResult(messages.GetResultRequest(job_id=job_id)).result)
    written, spoken = results
    assert [use.stage for use in written.provenance.models] == (
        ["evidence"] if prefix == "OPENAI" else []
    )
    assert [use.stage for use in spoken.provenance.models] == (
        ["evidence"] if prefix == "OPENAI" else ["transcription"]
    )
    assert spoken.transcript.engine.startswith("whisper-1" if prefix == "STT" else "whisper-base")
    assert written.score > 0
    assert spoken.score > 0
