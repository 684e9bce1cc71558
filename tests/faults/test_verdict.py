"""Whatever the promise rules out is found in the evidence, and nothing else."""

from collections.abc import Callable

import pytest

from tests.faults.evidence import Accepted, Delivered, Evidence
from tests.faults.verdict import violations
from tests.stack.submissions import submission
from vstep.grading.v1.error_pb2 import ERROR_REASON_GRADER_FAILED
from vstep.grading.v1.job_pb2 import (
    JOB_STAGE_ENDED,
    JOB_STAGE_MEASURING,
    JOB_STAGE_SCORING,
    JOB_STAGE_STARTING,
    JOB_STAGE_WAITING,
    JOB_STATE_ANALYZING,
    JOB_STATE_CANCELLED,
    JOB_STATE_COMPLETED,
    JOB_STATE_FAILED,
    JOB_STATE_GRADING,
    JOB_STATE_PROCESSING,
    JOB_STATE_QUEUED,
    JOB_STATE_RETRYING,
    Job,
    JobEvent,
)
from vstep.grading.v1.result_pb2 import BAND_B2, Provenance, Result, ResultSummary

JOB = "job-1"
MAX_RETRIES = 1

#: A job that was interrupted once: state, stage, progress, run.
LIFE = (
    (JOB_STATE_QUEUED, JOB_STAGE_WAITING, 0.0, 0),
    (JOB_STATE_PROCESSING, JOB_STAGE_STARTING, 0.0, 1),
    (JOB_STATE_ANALYZING, JOB_STAGE_MEASURING, 0.1, 1),
    (JOB_STATE_RETRYING, JOB_STAGE_WAITING, 0.1, 1),
    (JOB_STATE_PROCESSING, JOB_STAGE_STARTING, 0.0, 2),
    (JOB_STATE_ANALYZING, JOB_STAGE_MEASURING, 0.1, 2),
    (JOB_STATE_ANALYZING, JOB_STAGE_MEASURING, 0.5, 2),
    (JOB_STATE_GRADING, JOB_STAGE_SCORING, 0.9, 2),
    (JOB_STATE_COMPLETED, JOB_STAGE_ENDED, 1.0, 2),
)


def _events() -> list[JobEvent]:
    events = [
        JobEvent(job_id=JOB, sequence=place, state=state, stage=stage, progress=progress, run=run)
        for place, (state, stage, progress, run) in enumerate(LIFE, start=1)
    ]
    events[-1].result.CopyFrom(ResultSummary(score=6.5, band=BAND_B2))
    return events


def _sound() -> Evidence:
    request = submission()
    job = Job(
        id=JOB, request_id=request.request_id, submission_id=request.submission_id, attempt=1,
        state=JOB_STATE_COMPLETED, progress=1, run=2, retries=1, last_sequence=len(LIFE),
    )  # fmt: skip
    return Evidence(
        accepted={JOB: Accepted(request, JOB)},
        watched={JOB: _events()},
        feed=[Delivered(event, 1) for event in _events()],
        jobs={JOB: job},
        results={JOB: Result(job_id=JOB, score=6.5, band=BAND_B2, provenance=Provenance(run=2))},
        listed=[Job.FromString(job.SerializeToString())],
    )


def _lost_event(seen: Evidence) -> None:
    del seen.watched[JOB][5]


def _repeated_event(seen: Evidence) -> None:
    seen.watched[JOB].insert(5, seen.watched[JOB][5])


def _swapped_events(seen: Evidence) -> None:
    seen.watched[JOB][5:7] = reversed(seen.watched[JOB][5:7])


def _no_end(seen: Evidence) -> None:
    seen.watched[JOB].pop()


def _event_after_the_end(seen: Evidence) -> None:
    seen.watched[JOB].append(
        JobEvent(job_id=JOB, sequence=10, state=JOB_STATE_CANCELLED, progress=1, run=2)
    )


def _illegal_step(seen: Evidence) -> None:
    seen.watched[JOB][7].state = JOB_STATE_PROCESSING


def _progress_falls(seen: Evidence) -> None:
    seen.watched[JOB][6].progress = 0.05


def _second_start(seen: Evidence) -> None:
    seen.watched[JOB][5].stage = JOB_STAGE_STARTING


def _run_falls(seen: Evidence) -> None:
    seen.watched[JOB][6].run = 1


def _lost_job(seen: Evidence) -> None:
    del seen.jobs[JOB]


def _too_many_runs(seen: Evidence) -> None:
    seen.jobs[JOB].run = 3


def _cancellation_ignored(seen: Evidence) -> None:
    seen.accepted[JOB].cancelled = True


def _no_result(seen: Evidence) -> None:
    del seen.results[JOB]


def _result_of_another_run(seen: Evidence) -> None:
    seen.results[JOB].provenance.run = 1


def _other_score(seen: Evidence) -> None:
    seen.results[JOB].score = 7


def _older_job(seen: Evidence) -> None:
    seen.jobs[JOB].last_sequence = 8


def _graded_what_breaks(seen: Evidence) -> None:
    seen.accepted[JOB].request.writing.text = "boom"


def _failed_without_cause(seen: Evidence) -> None:
    seen.jobs[JOB].state = JOB_STATE_FAILED
    seen.jobs[JOB].error.reason = ERROR_REASON_GRADER_FAILED


def _feed_lacks_the_last(seen: Evidence) -> None:
    seen.feed.pop()


def _feed_leaves_out(seen: Evidence) -> None:
    seen.feed.append(seen.feed.pop(4))


def _feed_repeats_by_itself(seen: Evidence) -> None:
    seen.feed.append(seen.feed[-1])


def _feed_differs(seen: Evidence) -> None:
    seen.feed[3].event.progress = 0.2


def _feed_knows_more(seen: Evidence) -> None:
    seen.feed.append(Delivered(JobEvent(job_id=JOB, sequence=10), 1))


def _unlisted(seen: Evidence) -> None:
    seen.listed.clear()


def _unknown_job(seen: Evidence) -> None:
    request = next(iter(seen.accepted.values())).request
    seen.listed.append(
        Job(
            id="job-2", request_id=request.request_id, submission_id=request.submission_id,
            attempt=2,
        )
    )  # fmt: skip


def _listed_twice(seen: Evidence) -> None:
    seen.listed.append(seen.listed[0])


def _oddity(seen: Evidence) -> None:
    seen.oddities.append("a call ended with INTERNAL")


@pytest.mark.parametrize(
    ("breach", "says"),
    [
        (_lost_event, "the sequences"),
        (_repeated_event, "the sequences"),
        (_swapped_events, "the sequences"),
        (_no_end, "it didn't end"),
        (_event_after_the_end, "cancelled follows completed"),
        (_illegal_step, "processing follows analyzing"),
        (_progress_falls, "progress falls"),
        (_second_start, "run 2 started 2 times"),
        (_run_falls, "run 1 follows run 2"),
        (_lost_job, "is lost"),
        (_too_many_runs, "3 runs"),
        (_cancellation_ignored, "it is not cancelled"),
        (_no_result, "result: False"),
        (_result_of_another_run, "the result of run 1"),
        (_other_score, "GetResult says"),
        (_older_job, "GetJob says"),
        (_graded_what_breaks, "its text breaks the grader"),
        (_failed_without_cause, "it failed with ERROR_REASON_GRADER_FAILED"),
        (_feed_lacks_the_last, "the feed lacks event 9"),
        (_feed_leaves_out, "the feed left out"),
        (_feed_repeats_by_itself, "again by itself"),
        (_feed_differs, "differ in event 4"),
        (_feed_knows_more, "only the feed has event 10"),
        (_unlisted, "isn't listed"),
        (_unknown_job, "nobody was told"),
        (_listed_twice, "is listed 2 times"),
        (_oddity, "INTERNAL"),
    ],
)
def test_a_breach_is_found(breach: Callable[[Evidence], None], says: str) -> None:
    evidence = _sound()
    breach(evidence)
    found = violations(evidence, MAX_RETRIES)
    assert any(says in violation for violation in found), found


def test_sound_evidence_has_no_violations() -> None:
    assert violations(_sound(), MAX_RETRIES) == []


def test_a_feed_that_was_opened_again_may_repeat() -> None:
    evidence = _sound()
    evidence.feed += [Delivered(event, 2) for event in _events()[4:]]
    assert violations(evidence, MAX_RETRIES) == []


def test_a_job_for_a_refused_submission_is_found() -> None:
    evidence = _sound()
    evidence.listed[0].submission_id = "submission-refused"
    found = violations(evidence, MAX_RETRIES)
    assert any("submission-refused, which was refused" in violation for violation in found), found
