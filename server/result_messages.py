"""Results as the contract's messages."""

from grading.domain.confidence import Confidence
from grading.domain.criterion import Quote
from grading.domain.feedback import Feedback, Remark, Rewrite
from grading.domain.result import Cap, CriterionScore, Evidence, NotAssessable, ScoredBy
from grading.domain.usage import ModelUse
from grading.store.records import StoredResult
from server.messages import not_assessable_to, time_to
from server.recording_messages import moment_to, quality_to, transcript_to
from vstep.grading.v1 import result_pb2 as messages

NOTICES = {
    ScoredBy.MACHINE: "A practice estimate made by a machine; not an official VSTEP result.",
    ScoredBy.HYBRID: "A practice estimate made by a machine and an examiner; not an official VSTEP"
    " result.",
    ScoredBy.HUMAN: "A practice estimate made by an examiner; not an official VSTEP result.",
}


def result_to(stored: StoredResult) -> messages.Result:
    """Write a result."""
    result = stored.result
    message = messages.Result(
        job_id=str(stored.job_id),
        provenance=_provenance(stored),
        create_time=time_to(stored.created_at),
        notice=NOTICES[stored.scored_by],
        audit=stored.audit,
        scored_by=messages.ScoredBy.Value(f"SCORED_BY_{stored.scored_by.name}"),
    )
    if result.audio is not None:
        message.audio.CopyFrom(quality_to(result.audio))
    if isinstance(result, NotAssessable):
        message.not_assessable.CopyFrom(not_assessable_to(result.reason, result.message))
        return message
    message.score = float(result.score)
    message.exact_score = float(result.exact_score)
    message.band = messages.Band.Value(f"BAND_{result.band.name}")
    message.word_count = result.word_count
    message.criteria.extend(_criterion(score) for score in result.criteria)
    message.caps.extend(_cap(cap) for cap in result.caps)
    message.flags.extend(messages.Flag.Value(f"FLAG_{flag.name}") for flag in result.flags)
    message.absent_criteria.extend(
        messages.Criterion.Value(f"CRITERION_{criterion.name}") for criterion in result.absent
    )
    if result.confidence is not None:
        message.confidence.CopyFrom(_confidence(result.confidence))
    if result.feedback is not None:
        message.feedback.CopyFrom(_feedback(result.feedback))
    if result.transcript is not None:
        message.transcript.CopyFrom(transcript_to(result.transcript))
    return message


def _provenance(stored: StoredResult) -> messages.Provenance:
    made = stored.result.provenance
    message = messages.Provenance(
        grader=made.grader,
        grader_version=made.grader_version,
        rubric_version=made.rubric_version,
        feature_version=made.feature_version,
        run=stored.run,
        calibration=made.calibration,
        tools=made.tools,
        models=[_model_use(use) for use in made.models],
        fallback=made.fallback,
    )
    message.grading_duration.FromTimedelta(stored.grading_duration)
    return message


def _cap(cap: Cap) -> messages.Cap:
    return messages.Cap(
        reason=messages.CapReason.Value(f"CAP_REASON_{cap.reason.name}"),
        limit=float(cap.limit),
        message=cap.message,
    )


def _model_use(use: ModelUse) -> messages.ModelUse:
    return messages.ModelUse(
        stage=use.stage,
        model=use.model,
        prompt_version=use.prompt_version,
        prompt_hash=use.prompt_hash,
        prompt_tokens=use.usage.prompt,
        cached_tokens=use.usage.cached,
        completion_tokens=use.usage.completion,
        cost=None if use.cost is None else float(use.cost),
        recalled=use.recalled,
        audio_seconds=use.usage.audio_seconds,
    )


def _confidence(confidence: Confidence) -> messages.Confidence:
    return messages.Confidence(
        value=confidence.value,
        factors=[
            messages.FactorScore(
                factor=messages.ConfidenceFactor.Value(f"CONFIDENCE_FACTOR_{item.factor.name}"),
                value=float(item.value),
                weight=float(item.weight),
            )
            for item in confidence.factors
        ],
    )


def _feedback(feedback: Feedback) -> messages.Feedback:
    return messages.Feedback(
        language=messages.FeedbackLanguage.Value(f"FEEDBACK_LANGUAGE_{feedback.language.name}"),
        strengths=[_remark(remark) for remark in feedback.strengths],
        to_work_on=[_remark(remark) for remark in feedback.to_work_on],
        rewrites=[_rewrite(rewrite) for rewrite in feedback.rewrites],
    )


def _remark(remark: Remark) -> messages.Remark:
    return messages.Remark(
        criterion=messages.Criterion.Value(f"CRITERION_{remark.criterion.name}"),
        text=remark.text,
        quotes=[_quote(quote) for quote in remark.quotes],
        moments=[moment_to(moment) for moment in remark.moments],
    )


def _rewrite(rewrite: Rewrite) -> messages.Rewrite:
    return messages.Rewrite(
        quote=None if rewrite.quote is None else _quote(rewrite.quote),
        text=rewrite.text,
        reason=rewrite.reason,
        moment=None if rewrite.moment is None else moment_to(rewrite.moment),
    )


def _quote(quote: Quote) -> messages.Quote:
    return messages.Quote(text=quote.text, start=quote.start, end=quote.end)


def _criterion(score: CriterionScore) -> messages.CriterionScore:
    return messages.CriterionScore(
        criterion=messages.Criterion.Value(f"CRITERION_{score.criterion.name}"),
        score=float(score.score),
        weight=float(score.weight),
        band=messages.Band.Value(f"BAND_{score.band.name}"),
        descriptor=score.descriptor,
        evidence=[_evidence(evidence) for evidence in score.evidence],
    )


def _evidence(evidence: Evidence) -> messages.Evidence:
    return messages.Evidence(
        kind=evidence.kind,
        message=evidence.message,
        impact=messages.Impact.Value(f"IMPACT_{evidence.impact.name}"),
        value=evidence.value,
        points=evidence.points,
        quotes=[_quote(quote) for quote in evidence.quotes],
        moments=[moment_to(moment) for moment in evidence.moments],
    )
