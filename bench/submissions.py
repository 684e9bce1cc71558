"""Submissions of about 2 KB, one by one and in batches."""

import itertools
import uuid
from collections.abc import Iterator

from vstep.grading.v1.grading_service_pb2 import BatchSubmitJobsRequest, SubmitJobRequest
from vstep.grading.v1.job_pb2 import Prompt, WritingTask, WritingWork

BATCH_METHOD = "/vstep.grading.v1.GradingService/BatchSubmitJobs"
#: Submissions to a batch.
BATCH = 200

_SENTENCE = "Tourism brings many benefits to a country and to its people. "
_PROMPT = Prompt(
    text="Some people say that tourism does more harm than good. Discuss both views.",
    requirements=["Discuss the benefits", "Discuss the harm", "Give your opinion"],
)
_WORK = WritingWork(task=WritingTask.WRITING_TASK_ESSAY, text=_SENTENCE * 30)


def submissions(name: str) -> Iterator[bytes]:
    """Requests of ``SubmitJob``, each with ids of its own."""
    for number in itertools.count():
        yield SubmitJobRequest(
            request_id=str(uuid.uuid4()),
            submission_id=f"{name}-{number}",
            attempt=1,
            user_id=f"user-{number % 500}",
            prompt=_PROMPT,
            writing=_WORK,
        ).SerializeToString()


def batches(name: str) -> Iterator[bytes]:
    """Requests of ``BatchSubmitJobs``, each of ``BATCH`` submissions with ids of their own."""
    requests = submissions(name)
    while True:
        batch = BatchSubmitJobsRequest()
        for data in itertools.islice(requests, BATCH):
            batch.requests.add().ParseFromString(data)
        yield batch.SerializeToString()
