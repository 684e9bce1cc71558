"""Work as it is submitted, alone or in a batch."""

from collections.abc import Iterable, Iterator, Mapping
from uuid import uuid4

from vstep.grading.v1.grading_service_pb2 import Refusal, SubmitJobRequest, SubmitJobResponse
from vstep.grading.v1.job_pb2 import Prompt, SpeakingWork, WritingWork
from vstep.grading.v1.result_pb2 import FeedbackLanguage

#: What became of one item of a batch: accepted or refused.
Outcome = SubmitJobResponse | Refusal

#: The contract's limit for a batch.
_MOST_ITEMS = 1000

#: The server reads 4 MiB; the rest is for the length that stands before each item.
_MOST_BYTES = 4_000_000


#: What a learner did: a text, or a recording.
Work = WritingWork | SpeakingWork


def submission(
    work: Work,
    prompt: Prompt,
    *,
    user_id: str,
    submission_id: str,
    attempt: int = 1,
    request_id: str | None = None,
    feedback_language: FeedbackLanguage.ValueType = FeedbackLanguage.FEEDBACK_LANGUAGE_UNSPECIFIED,
    labels: Mapping[str, str] | None = None,
) -> SubmitJobRequest:
    """Work to be graded; stored once, however often it is sent.

    Without a ``request_id`` of the caller's own it gets a new one. ``labels`` name groups that
    the learner belongs to, by which agreement may be told apart.
    """
    request = SubmitJobRequest(
        request_id=request_id or str(uuid4()),
        submission_id=submission_id,
        attempt=attempt,
        user_id=user_id,
        prompt=prompt,
        feedback_language=feedback_language,
        labels=labels,
    )
    if isinstance(work, WritingWork):
        request.writing.CopyFrom(work)
    else:
        request.speaking.CopyFrom(work)
    return request


def in_batches(submissions: Iterable[SubmitJobRequest]) -> Iterator[list[SubmitJobRequest]]:
    """Any number of submissions, in order, in batches that the service takes."""
    batch: list[SubmitJobRequest] = []
    size = 0
    for item in submissions:
        item_size = item.ByteSize()
        if batch and (len(batch) == _MOST_ITEMS or size + item_size > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item_size
    if batch:
        yield batch
