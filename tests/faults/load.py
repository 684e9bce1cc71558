"""The work of a scenario: submissions over time, each to do what its text says."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID

import grpc
from grpc import aio

from tests.faults.clients import Clients
from tests.faults.evidence import Accepted, Evidence, Refused
from tests.stack.door import refused_with
from vstep.grading.v1.error_pb2 import ErrorReason
from vstep.grading.v1.grading_service_pb2 import (
    BatchSubmitJobsRequest,
    CancelJobRequest,
    SubmitJobRequest,
    SubmitJobResponse,
)
from vstep.grading.v1.job_pb2 import WRITING_TASK_ESSAY, Prompt, WritingWork

#: Texts, and how many in a hundred have them. Two workers with one child grade
#: about five jobs of this mix a second.
TEXTS = {
    "Graded at once.": 44,
    "slow:0.4": 14,
    "silent:0.4": 10,
    "late:0.6": 8,
    "last:0.6": 8,
    "slow:1.5": 4,
    "silent:2.5": 2,
    "boom": 4,
    "flaky:1": 6,
}
BATCH = 6
#: How many in a hundred submissions are repeated at once, contradicted, invalid, cancelled.
REPEATED, CONTRADICTED, DOUBLED, INVALID, CANCELLED = 8, 4, 4, 4, 6
LONGEST_BEFORE_CANCEL = 4.0


@dataclass
class Load:
    """Submits jobs through all servers until each submission was answered."""

    clients: Clients
    evidence: Evidence
    user_id: str
    chance: Random
    on_accepted: Callable[[str], None]

    async def run(self, jobs: int, seconds: float) -> None:
        """Submit ``jobs`` jobs, spread over ``seconds``, and what must be refused with them."""
        texts = self.chance.choices([*TEXTS], [*TEXTS.values()], k=jobs)
        requests = [self.request(number, text) for number, text in enumerate(texts)]
        parts = [requests[first : first + BATCH] for first in range(0, jobs, BATCH)]
        async with asyncio.TaskGroup() as group:
            for part in parts:
                if self.chance.random() < 0.2:
                    group.create_task(self._submit_batch(self._moment(seconds), part))
                    continue
                for request in part:
                    chances = [100 * self.chance.random() for _ in range(5)]
                    group.create_task(self._submit(self._moment(seconds), request, chances))

    def _moment(self, seconds: float) -> float:
        return seconds * self.chance.random()

    def request(self, number: int, text: str) -> SubmitJobRequest:
        """A submission like no other, with a text that begins as given."""
        return SubmitJobRequest(
            request_id=self._id(),
            submission_id=f"submission-{number}",
            attempt=1,
            user_id=self.user_id,
            prompt=Prompt(text="Write an essay."),
            writing=WritingWork(task=WRITING_TASK_ESSAY, text=f"{text} {self.user_id} {number}"),
        )

    def _id(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128), version=4))

    async def _submit(
        self, moment: float, request: SubmitJobRequest, chances: Sequence[float]
    ) -> None:
        await asyncio.sleep(moment)
        repeated, contradicted, doubled, invalid, cancelled = chances
        times = 2 if repeated < REPEATED else 1
        await asyncio.gather(*(self.submit(request) for _ in range(times)))
        if contradicted < CONTRADICTED:
            other = _changed(request, submission_id=f"{request.submission_id}-contradicting")
            await self._refuse(other, "ERROR_REASON_REQUEST_ID_REUSED")
        if doubled < DOUBLED:
            other = _changed(request, request_id=str(UUID(int=UUID(request.request_id).int ^ 1)))
            await self._refuse(other, "ERROR_REASON_ATTEMPT_EXISTS")
        if invalid < INVALID:
            other = _changed(request, submission_id=f"{request.submission_id}-invalid", attempt=0)
            await self._refuse(other, "ERROR_REASON_INVALID_FIELD")
        if cancelled < CANCELLED:
            await asyncio.sleep(LONGEST_BEFORE_CANCEL * cancelled / CANCELLED)
            await self._cancel(request)

    async def _submit_batch(self, moment: float, requests: Sequence[SubmitJobRequest]) -> None:
        await asyncio.sleep(moment)
        first = requests[0]
        invalid = _changed(first, submission_id=f"{first.submission_id}-invalid", attempt=0)
        batch = BatchSubmitJobsRequest(requests=[*requests, invalid])
        answer = await self.clients.call(lambda stub: stub.BatchSubmitJobs, batch)
        for request, outcome in zip(batch.requests, answer.outcomes, strict=True):
            if outcome.HasField("accepted"):
                self._note(request, outcome.accepted)
            else:
                reason = ErrorReason.Name(outcome.refusal.reason)
                self._note_refusal(request, reason, "ERROR_REASON_INVALID_FIELD")

    async def submit(self, request: SubmitJobRequest) -> None:
        """Submit one job, which must be accepted."""
        try:
            answer = await self.clients.call(lambda stub: stub.SubmitJob, request)
        except aio.AioRpcError as error:
            self._note_oddity("SubmitJob", error)
        else:
            self._note(request, answer)

    def _note(self, request: SubmitJobRequest, answer: SubmitJobResponse) -> None:
        job_id = answer.job.id
        if job_id not in self.evidence.accepted:
            self.evidence.accepted[job_id] = Accepted(request, job_id)
            self.on_accepted(job_id)
        accepted = self.evidence.accepted[job_id]
        accepted.first_answers += not answer.deduplicated
        if accepted.request != request or accepted.first_answers > 1:
            self.evidence.oddities.append(f"job {job_id} stands for two submissions")

    async def _refuse(self, request: SubmitJobRequest, expected: str) -> None:
        try:
            answer = await self.clients.call(lambda stub: stub.SubmitJob, request)
        except aio.AioRpcError as error:
            self._note_refusal(request, refused_with(error).reason, expected)
        else:
            self.evidence.oddities.append(f"{expected} was due, and job {answer.job.id} made")

    def _note_refusal(self, request: SubmitJobRequest, reason: str, expected: str) -> None:
        if reason != expected:
            self.evidence.oddities.append(f"refused with {reason!r} instead of {expected}")
        self.evidence.refused.append(Refused(request, reason))

    async def _cancel(self, request: SubmitJobRequest) -> None:
        for accepted in [*self.evidence.accepted.values()]:
            if accepted.request.request_id == request.request_id:
                wanted = CancelJobRequest(job_id=accepted.job_id)
                try:
                    await self.clients.call(lambda stub: stub.CancelJob, wanted)
                    accepted.cancelled = True
                except aio.AioRpcError as error:
                    if error.code() is not grpc.StatusCode.FAILED_PRECONDITION:
                        self._note_oddity("CancelJob", error)

    def _note_oddity(self, method: str, error: aio.AioRpcError) -> None:
        said = f"{method} ended with {error.code().name}: {error.details()}"
        self.evidence.oddities.append(said)


def _changed(request: SubmitJobRequest, **fields: object) -> SubmitJobRequest:
    changed = SubmitJobRequest()
    changed.CopyFrom(request)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed
