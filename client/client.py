"""The service's calls, for Python."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import grpc
from google.protobuf.duration_pb2 import Duration

from client.backoff import Backoff
from client.connection import Connected
from client.feed import Feed
from client.repetition import call_until_answered, stream_until_answered
from client.resumption import Interruption, WatchLimits
from client.submission import Outcome, Work, submission
from client.tls import Tls
from client.upload import Upload
from client.watch import Watch
from vstep.grading.v1.grading_service_pb2 import (
    BatchSubmitJobsRequest,
    CancelJobRequest,
    DeleteJobRequest,
    DeleteJobResponse,
    GetJobRequest,
    GetResultRequest,
    ListJobsRequest,
    RetryJobRequest,
    RetryJobResponse,
    SubmitJobRequest,
    SubmitJobResponse,
    UploadAudioResponse,
    WaitJobRequest,
    WaitJobResponse,
    WatchJobsRequest,
)
from vstep.grading.v1.grading_service_pb2_grpc import GradingServiceStub
from vstep.grading.v1.job_pb2 import Job, JobState, Prompt, Skill
from vstep.grading.v1.result_pb2 import FeedbackLanguage, Result

#: How long one call of WaitJob waits, in seconds: under what proxies and
#: keepalive put up with on a quiet connection.
_WAIT_SECONDS = 20.0


class GradingClient(Connected):
    """Submits work, follows it, and fetches its result. A context manager.

    Every call but a watch and a feed is made again after a passing fault, until ``deadline``
    seconds are over, and then raises ``CallRefused``.
    """

    def __init__(
        self,
        target: str | grpc.Channel,
        *,
        deadline: float = 30.0,
        tls: Tls | None = None,
        token: str | None = None,
    ) -> None:
        """Call the service at an address, or over a channel that the caller made and closes.

        Raises:
            TlsFileUnusable, TokenUnprotected, TokenUnusable: as ``Connected`` tells.
        """
        super().__init__(target, deadline=deadline, tls=tls, token=token)
        self._stub = GradingServiceStub(self._channel)

    def submit(
        self,
        work: Work,
        prompt: Prompt,
        *,
        user_id: str,
        submission_id: str,
        attempt: int = 1,
        request_id: str | None = None,
        feedback_language: FeedbackLanguage.ValueType = (
            FeedbackLanguage.FEEDBACK_LANGUAGE_UNSPECIFIED
        ),
        labels: Mapping[str, str] | None = None,
    ) -> SubmitJobResponse:
        """Store work to be graded; it is stored once, however often the call is repeated.

        A ``request_id`` of the caller's own makes that hold for repetitions of
        this method, too. Without one, each call of it is new work.

        Raises:
            CallRefused: the service refused; whether the work was stored is
                unknown where ``passing`` is true.
        """
        request = submission(
            work,
            prompt,
            user_id=user_id,
            submission_id=submission_id,
            attempt=attempt,
            request_id=request_id,
            feedback_language=feedback_language,
            labels=labels,
        )
        return call_until_answered(self._stub.SubmitJob, request, self._deadline)

    def upload(
        self, recording: Path, *, user_id: str, deadline: float | None = None
    ) -> UploadAudioResponse:
        """Store a recording, and give its name for ``SpeakingWork.audio_id``.

        A call that is repeated after a passing fault may leave a second copy behind, which
        the service erases by itself. ``deadline``, in seconds, goes before the client's.

        Raises:
            CallRefused: the service refused; nothing was stored.
            OSError: the file can't be read.
        """
        upload = Upload.of(recording, user_id)
        return stream_until_answered(
            self._stub.UploadAudio, upload.messages, deadline or self._deadline
        )

    def submit_batch(self, submissions: Sequence[SubmitJobRequest]) -> list[Outcome]:
        """Store up to 1,000 units of work in one transaction; an outcome for each, in order.

        ``client.submission`` makes the items, and cuts larger numbers into batches.
        The refusal of one doesn't touch the others.

        Raises:
            CallRefused: the whole batch was refused; whether it was stored is
                unknown where ``passing`` is true.
        """
        request = BatchSubmitJobsRequest(requests=submissions)
        answer = call_until_answered(self._stub.BatchSubmitJobs, request, self._deadline)
        return [
            item.accepted if item.HasField("accepted") else item.refusal for item in answer.outcomes
        ]

    def get(self, job_id: str) -> Job:
        """The job, as it stands."""
        request = GetJobRequest(job_id=job_id)
        return call_until_answered(self._stub.GetJob, request, self._deadline).job

    def list(
        self,
        *,
        user_id: str = "",
        submission_id: str = "",
        states: Sequence[JobState.ValueType] = (),
        skill: Skill.ValueType = Skill.SKILL_UNSPECIFIED,
        page_size: int = 0,
    ) -> Iterator[Job]:
        """Jobs, newest first; pages are fetched as the iteration comes to them."""
        request = ListJobsRequest(
            page_size=page_size,
            user_id=user_id,
            submission_id=submission_id,
            states=states,
            skill=skill,
        )
        while True:
            page = call_until_answered(self._stub.ListJobs, request, self._deadline)
            yield from page.jobs
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def watch(
        self,
        job_id: str,
        *,
        after_sequence: int = 0,
        end_at_review: bool = False,
        limits: WatchLimits | None = None,
        on_interruption: Callable[[Interruption[int]], None] | None = None,
    ) -> Watch:
        """The events of a job after a cursor, each once and in order, until it ends."""
        return Watch(
            self._stub,
            job_id,
            after_sequence=after_sequence,
            end_at_review=end_at_review,
            limits=limits,
            on_interruption=on_interruption,
        )

    def follow(
        self,
        *,
        cursor: str = "",
        start_at_end: bool = False,
        user_id: str = "",
        skill: Skill.ValueType = Skill.SKILL_UNSPECIFIED,
        only_ends: bool = False,
        limits: WatchLimits | None = None,
        on_interruption: Callable[[Interruption[str]], None] | None = None,
        on_quiet: Callable[[str], None] | None = None,
    ) -> Feed:
        """The events of all jobs of a filter after a cursor, each with its own cursor.

        Without a cursor it begins at the oldest event that is kept, or, with
        ``start_at_end``, when the stream is opened: until the first answer came, a
        stream that is lost leaves out what happens before the next is opened.
        ``on_quiet`` is given the cursor of each sign of life: one that is worth
        storing, for where a filter lets little through, the last event's grows too old.
        """
        request = WatchJobsRequest(
            cursor=cursor,
            start_at_end=start_at_end,
            user_id=user_id,
            skill=skill,
            only_ends=only_ends,
        )
        return Feed(
            self._stub, request, limits=limits, on_interruption=on_interruption, on_quiet=on_quiet
        )

    def wait(
        self, job_id: str, *, timeout: float | None = None, end_at_review: bool = False
    ) -> WaitJobResponse:
        """Wait until a job ends, or for ``timeout`` seconds, without a stream."""
        until = None if timeout is None else time.monotonic() + timeout
        backoff = Backoff()
        while True:
            began = time.monotonic()
            left = _WAIT_SECONDS if until is None else max(until - began, 0.0)
            seconds = min(left, _WAIT_SECONDS)
            duration = Duration()
            duration.FromTimedelta(timedelta(seconds=seconds))
            request = WaitJobRequest(job_id=job_id, timeout=duration, end_at_review=end_at_review)
            answer = call_until_answered(self._stub.WaitJob, request, seconds + self._deadline)
            now = time.monotonic()
            if answer.ended or (until is not None and now >= until):
                return answer
            if now - began < seconds:
                # A server that shuts down answers at once; its successor isn't up yet.
                time.sleep(backoff.next(None))

    def result(self, job_id: str) -> Result:
        """The result of a COMPLETED job."""
        request = GetResultRequest(job_id=job_id)
        return call_until_answered(self._stub.GetResult, request, self._deadline).result

    def cancel(self, job_id: str) -> Job:
        """Cancel a job that has not ended, and tell how it stands then."""
        request = CancelJobRequest(job_id=job_id)
        return call_until_answered(self._stub.CancelJob, request, self._deadline).job

    def retry(self, job_id: str, *, request_id: str | None = None) -> RetryJobResponse:
        """Grade the work of a FAILED job again, as a new job; ``request_id`` as in ``submit``."""
        request = RetryJobRequest(job_id=job_id, request_id=request_id or str(uuid4()))
        return call_until_answered(self._stub.RetryJob, request, self._deadline)

    def delete(self, job_id: str) -> DeleteJobResponse:
        """Erase a job with its answer, result and events; tell when it was erased."""
        request = DeleteJobRequest(job_id=job_id)
        return call_until_answered(self._stub.DeleteJob, request, self._deadline)
