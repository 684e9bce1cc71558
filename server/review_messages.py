"""Reviews as the contract's messages, and back."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from grading.domain.criterion import Criterion
from grading.domain.marks import Marks
from grading.domain.work import Skill, SpeakingSubmission, StoredRecording, Work
from grading.exceptions import MarksIncomplete
from grading.store.review_records import (
    Review,
    ReviewAct,
    ReviewFile,
    ReviewState,
    StoredMarks,
)
from server.messages import time_to
from server.result_messages import result_to
from vstep.grading.v1 import job_pb2 as jobs
from vstep.grading.v1 import result_pb2 as results
from vstep.grading.v1 import review_service_pb2 as messages


def review_state_from(value: messages.ReviewState.ValueType) -> ReviewState | None:
    """Read a state of a filter; None stands for all that wait."""
    if value == messages.REVIEW_STATE_UNSPECIFIED:
        return None
    return ReviewState[messages.ReviewState.Name(value).removeprefix("REVIEW_STATE_")]


def marks_from(request: messages.SubmitReviewRequest, skill: Skill) -> Marks:
    """Read the marks of a validated request.

    Raises:
        MarksIncomplete: they are not those of the skill's criteria.
    """
    scores: dict[Criterion, Decimal] = {}
    for mark in request.scores:
        name = results.Criterion.Name(mark.criterion)
        criterion = Criterion[name.removeprefix("CRITERION_")]
        if criterion in scores:
            raise MarksIncomplete(f"must name each criterion once; {name} is there twice")
        # A step of 0.5 is exact in binary, and 0 may come with a sign.
        scores[criterion] = abs(Decimal(str(mark.score)))
    try:
        return Marks.of(skill, scores)
    except ValueError as error:
        raise MarksIncomplete(str(error)) from None


def review_to(review: Review) -> messages.Review:
    """Write a review."""
    message = messages.Review(
        job_id=str(review.job_id),
        state=messages.ReviewState.Value(f"REVIEW_STATE_{review.state.name}"),
        skill=jobs.Skill.Value(f"SKILL_{review.skill.name}"),
        priority=jobs.ReviewPriority.Value(f"REVIEW_PRIORITY_{review.priority.name}"),
        reasons=[
            jobs.ReviewReason.Value(f"REVIEW_REASON_{reason.name}") for reason in review.reasons
        ],
        accept_time=time_to(review.accepted_at),
        holder=review.holder or "",
        claim=review.claim,
        double_marked=review.double_marked,
        adjudication=review.adjudication,
        marks_given=len(review.marked_by),
    )
    if review.writing_task is not None:
        message.writing_task = jobs.WritingTask.Value(f"WRITING_TASK_{review.writing_task.name}")
    if review.speaking_part is not None:
        message.speaking_part = jobs.SpeakingPart.Value(
            f"SPEAKING_PART_{review.speaking_part.name}"
        )
    if review.claim_expires_at is not None:
        message.claim_until.CopyFrom(time_to(review.claim_expires_at))
    if review.finished_at is not None:
        message.finish_time.CopyFrom(time_to(review.finished_at))
    if review.scored_by is not None:
        message.scored_by = results.ScoredBy.Value(f"SCORED_BY_{review.scored_by.name}")
    return message


def file_to(file: ReviewFile) -> messages.GetReviewResponse:
    """Write what an examiner may see of a review."""
    review = file.review
    message = messages.GetReviewResponse(review=review_to(review))
    if file.work is not None:
        _write_work(message, file.work)
    if review.shows_machine:
        message.machine.CopyFrom(result_to(file.machine))
    if review.shows_marks:
        message.marks.extend(_marks(one) for one in file.marks)
    if review.state is ReviewState.DONE and file.result is not None:
        message.result.CopyFrom(result_to(file.result))
        message.history.extend(_act(act) for act in file.history)
    return message


def _write_work(message: messages.GetReviewResponse, work: Work) -> None:
    message.prompt.text = work.prompt.text
    message.prompt.requirements.extend(work.prompt.requirements)
    if isinstance(work, SpeakingSubmission):
        message.speaking.part = jobs.SpeakingPart.Value(f"SPEAKING_PART_{work.part.name}")
        if isinstance(work.recording, StoredRecording):
            message.speaking.audio_id = str(work.recording.id)
        else:
            message.speaking.audio_url = work.recording.url
    else:
        message.writing.task = jobs.WritingTask.Value(f"WRITING_TASK_{work.task.name}")
        message.writing.text = work.text


def _marks(stored: StoredMarks) -> messages.Marks:
    marks = stored.marks
    return messages.Marks(
        reviewer_id=stored.reviewer_id,
        scores=[
            messages.CriterionMark(
                criterion=results.Criterion.Value(f"CRITERION_{criterion.name}"),
                score=float(score),
            )
            for criterion, score in marks.scores
        ],
        score=float(marks.score),
        exact_score=float(marks.exact),
        band=results.Band.Value(f"BAND_{marks.band.name}"),
        comment=stored.comment,
        adjudication=stored.adjudication,
        time=time_to(stored.created_at),
    )


def _act(act: ReviewAct) -> messages.ReviewAct:
    return messages.ReviewAct(
        time=time_to(act.at),
        action=messages.ReviewAction.Value(f"REVIEW_ACTION_{act.action.name}"),
        reviewer_id=act.reviewer_id,
        caller=act.caller,
        claim=act.claim,
        before=_json(act.before),
        after=_json(act.after),
    )


def _json(document: Mapping[str, Any] | None) -> str:
    return "" if document is None else json.dumps(document, ensure_ascii=False)
