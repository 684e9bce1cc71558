"""A recording through the public door, graded by the product's worker beside a scripted model."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from grpc import StatusCode

from client.upload import Upload
from tests.stack.door import Door
from tests.stack.evidence import evidence_on, shown
from tests.stack.process import CHECKOUT
from tests.stack.provider.answers import Answer
from tests.stack.provider.call import Call
from tests.stack.provider.exchange import Script
from tests.stack.provider.server import Provider
from tests.stack.stack import EMBEDDED, Stack
from tests.stack.submissions import submission
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED, SPEAKING_PART_TOPIC_DEVELOPMENT, Prompt
from vstep.grading.v1.job_pb2 import SpeakingWork as SpeakingWorkMessage
from vstep.grading.v1.result_pb2 import (
    CRITERION_DISCOURSE_MANAGEMENT,
    CRITERION_FLUENCY,
    CRITERION_GRAMMAR,
    CRITERION_PRONUNCIATION,
    CRITERION_VOCABULARY,
    Result,
)

RECORDINGS = CHECKOUT / "embedded" / "recordings"
MODEL = "model-one"
#: Kinds of evidence that a model gives and nothing measures.
SEEN = {
    "idea_development", "reasons_given", "organization_moves", "apt_phrases", "structures_formed",
}  # fmt: skip


def _eloquent(call: Call) -> Script:
    """An honest witness, whose structures are two."""
    form = evidence_on(call)
    return Answer(json.dumps(form | {"structures": form["structures"][:2]}))


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        started.chat.choose = _eloquent
        yield started


def _submit(door: Door) -> str:
    """Upload the synthetic answer, and submit it as one to part 3."""
    request = submission()
    upload = Upload.of(RECORDINGS / "synthetic-answer.ogg", request.user_id)
    stored = door.grading.UploadAudio(upload.messages())
    request.speaking.CopyFrom(
        SpeakingWorkMessage(part=SPEAKING_PART_TOPIC_DEVELOPMENT, audio_id=stored.audio_id)
    )
    lines = (RECORDINGS / "requirements.txt").read_text("utf-8").strip().splitlines()
    prompt = (RECORDINGS / "prompt.txt").read_text("utf-8").strip()
    request.prompt.CopyFrom(Prompt(text=prompt, requirements=lines))
    return door.grading.SubmitJob(request).job.id


def _kinds(result: Result, criterion: int) -> set[str]:
    [found] = [item for item in result.criteria if item.criterion == criterion]
    return {item.kind for item in found.evidence}


@pytest.mark.timeout(300)
def test_a_recording_is_graded_by_its_sound_and_by_what_a_model_saw_in_its_words(
    stack: Stack, provider: Provider, tmp_path: Path
) -> None:
    stack.settings |= {
        "OPENAI_API_KEY": "key",
        "OPENAI_BASE_URL": provider.url,
        "OPENAI_MODEL": MODEL,
        "GRADING_AUDIO_URL": f"file://{tmp_path / 'recordings'}",
        "GRADING_LEASE_SECONDS": "30",
    }
    server = stack.start_server()
    stack.start_worker(EMBEDDED, queues="speaking")
    job_id = _submit(server.door)
    watcher = server.door.watch(job_id)
    assert watcher.wait(240).code is StatusCode.OK
    job = server.door.grading.GetJob(messages.GetJobRequest(job_id=job_id)).job
    assert (job.state, job.run) == (JOB_STATE_COMPLETED, 1)
    told = [event.message for event in watcher.events]
    assert any(message.startswith("Transcribing: ") for message in told)
    assert told.index("Listening to the sounds") < told.index("Applying the rubric")

    [call] = provider.chat.calls
    assert "<<<" in call.messages[-1]["content"]
    said = (RECORDINGS / "synthetic-answer.txt").read_text("utf-8").split()
    assert len(set(said) & set(shown(call).split())) > 0.8 * len(set(said))

    result = server.door.grading.GetResult(messages.GetResultRequest(job_id=job_id)).result
    assert result.provenance.grader == "llm-speaking"
    assert result.provenance.rubric_version == "speaking-llm-1.0"
    [use] = result.provenance.models
    assert (use.stage, use.model, use.prompt_version) == (
        "evidence",
        MODEL,
        "speaking-evidence-1.0",
    )
    assert not result.absent_criteria
    of_words = (CRITERION_GRAMMAR, CRITERION_VOCABULARY, CRITERION_DISCOURSE_MANAGEMENT)
    assert set().union(*(_kinds(result, criterion) for criterion in of_words)) > SEEN
    for criterion in (CRITERION_PRONUNCIATION, CRITERION_FLUENCY):
        assert not _kinds(result, criterion) & SEEN
        assert _kinds(result, criterion)
    moments = [
        moment
        for criterion in result.criteria
        for evidence in criterion.evidence
        if evidence.kind in SEEN
        for moment in evidence.moments
    ]
    assert moments
    assert all(0 <= item.start < item.end <= result.audio.seconds for item in moments)
    [rewrite] = result.feedback.rewrites
    assert rewrite.HasField("moment")
    assert not rewrite.HasField("quote")
