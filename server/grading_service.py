"""GradingService: each method reads its request, calls a use case and writes the answer."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import uuid_utils
from google.protobuf.timestamp_pb2 import Timestamp
from grpc.aio import ServicerContext
from structlog.contextvars import bind_contextvars

from grading.domain.work import Skill, skill_of
from grading.store.acceptance import Accepted
from grading.store.erasure import erase_job
from grading.store.jobs import cancel_job, get_failed_work, get_job, get_result
from grading.store.listing import JobFilter, list_jobs
from grading.store.recordings import find_recording_of
from grading.store.records import NewJob
from grading.tracing import current_traceparent, link_current
from server.calling import current_tenant
from server.errors import refusal_to
from server.exceptions import InvalidRequest
from server.feeding import FeedFilter, Feeding, QuietFeed
from server.interceptors.validation import check
from server.messages import event_to, job_to, skill_from, state_from, work_from
from server.moments import moment_from
from server.page_token import read_token, write_token
from server.recording_keeper import RecordingKeeper
from server.result_messages import result_to
from server.store import Store
from server.submissions import Submissions
from server.uploads import Uploads
from server.watching import QuietSpell, Watching, has_ended
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.grading_service_pb2_grpc import GradingServiceServicer
from vstep.grading.v1.result_pb2 import FEEDBACK_LANGUAGE_ENGLISH

DEFAULT_PAGE_SIZE = 50
DEFAULT_WAIT_SECONDS = 30.0

Context = ServicerContext[Any, Any]


def payload_hash(request: messages.SubmitJobRequest) -> bytes:
    """SHA-256 over all of a request but its id: what a repeated submission must equal."""
    payload = messages.SubmitJobRequest()
    payload.CopyFrom(request)
    payload.ClearField("request_id")
    if payload.feedback_language == FEEDBACK_LANGUAGE_ENGLISH:
        payload.ClearField("feedback_language")  # it is what leaving it out means
    return hashlib.sha256(payload.SerializeToString(deterministic=True)).digest()


def _submitted(accepted: Accepted) -> messages.SubmitJobResponse:
    return messages.SubmitJobResponse(job=job_to(accepted.job), deduplicated=accepted.deduplicated)


@dataclass(frozen=True)
class GradingService(GradingServiceServicer):
    """Serves the contract. Requests come validated; errors leave as exceptions."""

    store: Store
    submissions: Submissions
    watching: Watching
    feeding: Feeding
    uploads: Uploads
    recordings: RecordingKeeper
    #: The time from acceptance to the deadline of a skill's jobs.
    time_allowed: Mapping[Skill, timedelta]

    async def UploadAudio(
        self, request_iterator: AsyncIterator[messages.UploadAudioRequest], context: Context
    ) -> messages.UploadAudioResponse:
        stored = await self.uploads.take_in(request_iterator, current_tenant())
        return messages.UploadAudioResponse(
            audio_id=str(stored.id), size_bytes=stored.size_bytes, sha256=stored.sha256
        )

    async def SubmitJob(
        self, request: messages.SubmitJobRequest, context: Context
    ) -> messages.SubmitJobResponse:
        accepted = await self.submissions.submit(self._new_job(request))
        bind_contextvars(job_id=str(accepted.job.id))
        return _submitted(accepted)

    async def BatchSubmitJobs(
        self, request: messages.BatchSubmitJobsRequest, context: Context
    ) -> messages.BatchSubmitJobsResponse:
        outcomes: list[messages.BatchSubmitOutcome] = []
        jobs: list[NewJob] = []
        for item in request.requests:
            outcome = messages.BatchSubmitOutcome()
            outcomes.append(outcome)
            try:
                check(item)
            except InvalidRequest as error:
                outcome.refusal.CopyFrom(refusal_to(error))
            else:
                jobs.append(self._new_job(item))
        stored = iter(await self.submissions.submit_batch(jobs) if jobs else ())
        for outcome in outcomes:
            if outcome.HasField("refusal"):
                continue
            accepted = next(stored)
            if isinstance(accepted, Accepted):
                outcome.accepted.CopyFrom(_submitted(accepted))
            else:
                outcome.refusal.CopyFrom(refusal_to(accepted))
        return messages.BatchSubmitJobsResponse(outcomes=outcomes)

    async def RetryJob(
        self, request: messages.RetryJobRequest, context: Context
    ) -> messages.RetryJobResponse:
        failed_id = UUID(request.job_id)
        failed, work = await self.store.run(get_failed_work, failed_id, current_tenant())
        link_current(failed.traceparent)
        accepted = await self.submissions.submit(
            NewJob(
                id=UUID(int=uuid_utils.uuid7().int),
                traceparent=current_traceparent(),
                request_id=UUID(request.request_id),
                payload_hash=hashlib.sha256(b"retry of " + failed_id.bytes).digest(),
                user_id=failed.user_id,
                submission_id=failed.submission_id,
                attempt=failed.attempt + 1,
                work=work,
                time_allowed=self.time_allowed[failed.skill],
                retry_of=failed_id,
                tenant=current_tenant(),
                labels=failed.labels,
            )
        )
        return messages.RetryJobResponse(
            job=job_to(accepted.job), deduplicated=accepted.deduplicated
        )

    async def DeleteJob(
        self, request: messages.DeleteJobRequest, context: Context
    ) -> messages.DeleteJobResponse:
        job_id, tenant = UUID(request.job_id), current_tenant()
        recording = await self.store.run(find_recording_of, job_id, tenant)
        deleted_at = await self.store.run(erase_job, job_id, tenant)
        if recording is not None:
            await self.recordings.give_up(recording)
        answer = messages.DeleteJobResponse()
        answer.delete_time.FromDatetime(deleted_at)
        return answer

    async def WatchJobs(
        self, request: messages.WatchJobsRequest, context: Context
    ) -> AsyncIterator[messages.WatchJobsResponse]:
        tenant = current_tenant()
        wanted = FeedFilter(
            tenant, request.user_id or None, skill_from(request.skill), request.only_ends
        )
        async for item in self.feeding.events(
            request.cursor, wanted, start_at_end=request.start_at_end
        ):
            answer = messages.WatchJobsResponse(cursor=item.cursor.write(tenant))
            if isinstance(item, QuietFeed):
                answer.heartbeat.time.GetCurrentTime()
            else:
                answer.event.CopyFrom(event_to(item.event))
            yield answer

    def _new_job(self, request: messages.SubmitJobRequest) -> NewJob:
        work = work_from(request)
        return NewJob(
            id=UUID(int=uuid_utils.uuid7().int),
            traceparent=current_traceparent(),
            request_id=UUID(request.request_id),
            payload_hash=payload_hash(request),
            user_id=request.user_id,
            submission_id=request.submission_id,
            attempt=request.attempt,
            work=work,
            time_allowed=self.time_allowed[skill_of(work)],
            tenant=current_tenant(),
            labels=dict(request.labels),
        )

    async def GetJob(
        self, request: messages.GetJobRequest, context: Context
    ) -> messages.GetJobResponse:
        job = await self.store.run(get_job, UUID(request.job_id), current_tenant())
        link_current(job.traceparent)
        return messages.GetJobResponse(job=job_to(job))

    async def ListJobs(
        self, request: messages.ListJobsRequest, context: Context
    ) -> messages.ListJobsResponse:
        wanted = _filter(request)
        before = read_token(request.page_token, wanted)
        size = request.page_size or DEFAULT_PAGE_SIZE
        # One more than the page holds tells whether another follows.
        jobs = await self.store.run(list_jobs, wanted, before, size + 1)
        page = jobs[:size]
        token = write_token(page[-1].id, wanted) if len(jobs) > size else ""
        return messages.ListJobsResponse(jobs=[job_to(job) for job in page], next_page_token=token)

    async def WatchJob(
        self, request: messages.WatchJobRequest, context: Context
    ) -> AsyncIterator[messages.WatchJobResponse]:
        async for item in self.watching.events(
            UUID(request.job_id),
            request.after_sequence,
            end_at_review=request.end_at_review,
            tenant=current_tenant(),
        ):
            if isinstance(item, QuietSpell):
                now = Timestamp()
                now.GetCurrentTime()
                heartbeat = messages.Heartbeat(after_sequence=item.after_sequence, time=now)
                yield messages.WatchJobResponse(heartbeat=heartbeat)
            else:
                yield messages.WatchJobResponse(event=event_to(item))

    async def WaitJob(
        self, request: messages.WaitJobRequest, context: Context
    ) -> messages.WaitJobResponse:
        timeout = DEFAULT_WAIT_SECONDS
        if request.HasField("timeout"):
            timeout = request.timeout.ToTimedelta().total_seconds()
        job = await self.watching.wait(
            UUID(request.job_id),
            timeout,
            end_at_review=request.end_at_review,
            tenant=current_tenant(),
        )
        link_current(job.traceparent)
        ended = has_ended(job, end_at_review=request.end_at_review)
        return messages.WaitJobResponse(job=job_to(job), ended=ended)

    async def GetResult(
        self, request: messages.GetResultRequest, context: Context
    ) -> messages.GetResultResponse:
        stored = await self.store.run(get_result, UUID(request.job_id), current_tenant())
        link_current(stored.traceparent)
        return messages.GetResultResponse(result=result_to(stored))

    async def CancelJob(
        self, request: messages.CancelJobRequest, context: Context
    ) -> messages.CancelJobResponse:
        job = await self.store.run(cancel_job, UUID(request.job_id), current_tenant())
        link_current(job.traceparent)
        return messages.CancelJobResponse(job=job_to(job))


def _filter(request: messages.ListJobsRequest) -> JobFilter:
    return JobFilter(
        user_id=request.user_id or None,
        submission_id=request.submission_id or None,
        states=tuple(sorted(state_from(state) for state in request.states)),
        skill=skill_from(request.skill),
        accepted_from=moment_from(request, "accepted_from"),
        accepted_before=moment_from(request, "accepted_before"),
        tenant=current_tenant(),
    )
