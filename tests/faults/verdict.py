"""What the promise says of the evidence: each violation is a sentence."""

import itertools
from collections import Counter
from collections.abc import Iterator

from grading.domain.job import RUNNING, TERMINAL, JobState, may_follow
from tests.faults.evidence import Evidence
from vstep.grading.v1 import job_pb2
from vstep.grading.v1.error_pb2 import (
    ERROR_REASON_GRADER_FAILED,
    ERROR_REASON_RETRIES_EXHAUSTED,
    ErrorReason,
)
from vstep.grading.v1.job_pb2 import JOB_STAGE_STARTING, Job, JobEvent

_STATE = "JOB_STATE_"


def violations(evidence: Evidence, max_retries: int, shutdowns: int = 0) -> list[str]:
    """Everything in the evidence that the promise rules out.

    Each of ``shutdowns`` of a worker may have given a job back, which uses up no retry.
    """
    found = [*evidence.oddities]
    for job_id in evidence.accepted:
        found += (f"job {job_id}: {says}" for says in _of_log(evidence.watched.get(job_id, [])))
        found += (
            f"job {job_id}: {says}" for says in _of_job(evidence, job_id, max_retries, shutdowns)
        )
    found += _of_feed(evidence)
    found += _of_submissions(evidence)
    return found


def state_of(event: JobEvent) -> JobState:
    """The state that an event put its job in."""
    return JobState(job_pb2.JobState.Name(event.state).removeprefix(_STATE).lower())


def _of_log(events: list[JobEvent]) -> Iterator[str]:
    """What one watcher was given must be a whole and legal life."""
    sequences = [event.sequence for event in events]
    if sequences != list(range(1, len(events) + 1)):
        yield f"the watcher was given the sequences {sequences}"
    if not events or state_of(events[-1]) not in TERMINAL:
        yield "it didn't end"
    if events and (state_of(events[0]), events[0].run) != (JobState.QUEUED, 0):
        yield f"it began with {state_of(events[0])} in run {events[0].run}"
    for before, event in itertools.pairwise(events):
        yield from _of_step(before, event)
    starts = Counter(event.run for event in events if event.stage == JOB_STAGE_STARTING)
    for run, times in starts.items():
        if times > 1:
            yield f"run {run} started {times} times"


def _of_step(before: JobEvent, event: JobEvent) -> Iterator[str]:
    old, new = state_of(before), state_of(event)
    at = f"at event {event.sequence}"
    # Within a state a run may report again how far it is.
    goes_on = old is new and new in RUNNING - {JobState.PROCESSING}
    if not goes_on and not may_follow(old, new):
        yield f"{new} follows {old} {at}"
    if event.run not in (before.run, before.run + 1):
        yield f"run {event.run} follows run {before.run} {at}"
    if (event.run > before.run) != (event.stage == JOB_STAGE_STARTING):
        yield f"run {event.run} begins without a start, or starts again, {at}"
    if event.run == before.run and event.progress < before.progress:
        yield f"progress falls from {before.progress:.2f} to {event.progress:.2f} {at}"


def _of_job(evidence: Evidence, job_id: str, max_retries: int, shutdowns: int) -> Iterator[str]:
    """What GetJob and GetResult say must agree with the log."""
    events, job = evidence.watched.get(job_id, []), evidence.jobs.get(job_id)
    if job is None:
        yield "it was accepted, and is lost"
        return
    if job.retries > max_retries or job.run > job.retries + 1 + shutdowns:
        yield f"it had {job.run} runs, {job.retries} retries, and {max_retries} are allowed"
    if evidence.accepted[job_id].cancelled and job.state != job_pb2.JOB_STATE_CANCELLED:
        yield "its cancellation was confirmed, and it is not cancelled"
    yield from _of_script(evidence.accepted[job_id].request.writing.text, job)
    result = evidence.results.get(job_id)
    completed = [event for event in events if event.state == job_pb2.JOB_STATE_COMPLETED]
    if (result is not None) != (job.state == job_pb2.JOB_STATE_COMPLETED):
        yield f"in state {job_pb2.JobState.Name(job.state)}, result: {result is not None}"
    if len(completed) != (result is not None):
        yield f"{len(completed)} events tell of a result, result: {result is not None}"
    if not events:
        return
    last = events[-1]
    told = (last.state, last.sequence, last.run, last.progress, last.error)
    if told != (job.state, job.last_sequence, job.run, job.progress, job.error):
        yield f"GetJob says {job}, the last event {last}"
    if result is None:
        return
    if result.provenance.run != last.run:
        yield f"GetResult has the result of run {result.provenance.run}, the log of run {last.run}"
    gist = last.result
    if (result.score, result.band) != (gist.score, gist.band):
        yield f"GetResult says {result.score}, the log {gist.score}"


def _of_script(text: str, job: Job) -> Iterator[str]:
    """A job fails by its text, or by more faults than it has retries; by nothing else."""
    breaks = text.startswith("boom")
    if breaks and job.state == job_pb2.JOB_STATE_COMPLETED:
        yield "it was graded, and its text breaks the grader"
    allowed = {ERROR_REASON_RETRIES_EXHAUSTED} | ({ERROR_REASON_GRADER_FAILED} if breaks else set())
    if job.state == job_pb2.JOB_STATE_FAILED and job.error.reason not in allowed:
        yield f"it failed with {ErrorReason.Name(job.error.reason)}"


def _of_feed(evidence: Evidence) -> Iterator[str]:
    """The feed may repeat after it was opened again, and otherwise equals the logs."""
    reached: dict[str, int] = {}
    within: dict[tuple[int, str], int] = {}
    given: dict[tuple[str, int], bytes] = {}
    for delivered in evidence.feed:
        event, stream = delivered.event, delivered.stream
        if event.sequence > reached.get(event.job_id, 0) + 1:
            yield f"the feed left out what is before event {event.sequence} of job {event.job_id}"
        if event.sequence <= within.get((stream, event.job_id), 0):
            yield f"the feed gave event {event.sequence} of job {event.job_id} again by itself"
        within[stream, event.job_id] = event.sequence
        reached[event.job_id] = max(reached.get(event.job_id, 0), event.sequence)
        written = event.SerializeToString(deterministic=True)
        if given.setdefault((event.job_id, event.sequence), written) != written:
            yield f"the feed gave event {event.sequence} of job {event.job_id} in two ways"
    for job_id, events in evidence.watched.items():
        for event in events:
            told = given.pop((job_id, event.sequence), None)
            if told is None:
                yield f"the feed lacks event {event.sequence} of job {job_id}"
            elif told != event.SerializeToString(deterministic=True):
                yield f"feed and watcher differ in event {event.sequence} of job {job_id}"
    for job_id, sequence in given:
        yield f"only the feed has event {sequence} of job {job_id}"


def _of_submissions(evidence: Evidence) -> Iterator[str]:
    """There is a job for each accepted submission, and none for a refused one."""
    listed = Counter(job.id for job in evidence.listed)
    for job_id, times in listed.items():
        if times > 1:
            yield f"job {job_id} is listed {times} times"
        if job_id not in evidence.accepted:
            yield f"job {job_id} exists, and nobody was told"
    for job_id in evidence.accepted.keys() - listed.keys():
        yield f"job {job_id} was accepted, and isn't listed"
    places = Counter((job.submission_id, job.attempt) for job in evidence.listed)
    for (submission_id, attempt), times in places.items():
        if times > 1:
            yield f"submission {submission_id} has {times} jobs for attempt {attempt}"
    requests = {accepted.request.request_id for accepted in evidence.accepted.values()}
    known = {accepted.request.submission_id for accepted in evidence.accepted.values()}
    for job in evidence.listed:
        if job.request_id not in requests or job.submission_id not in known:
            yield f"a job exists for submission {job.submission_id}, which was refused"
