"""Results as the contract's messages."""

from grading.domain.confidence import Confidence
from grading.domain.criterion import Quote
from grading.domain.feedback import Feedback, Remark, Rewrite
from grading.domain.result import CriterionScore, Evidence
from grading.domain.usage import ModelUse
from grading.store.records import StoredResult
from server.messages import time_to
from vstep.grading.v1 import result_pb2 as messages

NOTICE = "A practice estimate made by a machine; not an official VSTEP result."


def result_to(stored: StoredResult) -> messages.Result:
    """Write a result."""
    result = stored.result
    provenance = messages.Provenance(
        grader=result.provenance.grader,
        grader_version=result.provenance.grader_version,
        rubric_version=result.provenance.rubric_version,
        feature_version=result.provenance.feature_version,
        run=stored.run,
        calibration=result.provenance.calibration,
        tools=result.provenance.tools,
        models=[_model_use(use) for use in result.provenance.models],
        fallback=result.provenance.fallback,
    )
    provenance.grading_duration.FromTimedelta(stored.grading_duration)
    message = messages.Result(
        job_id=str(stored.job_id),
        score=float(result.score),
        exact_score=float(result.exact_score),
        band=messages.Band.Value(f"BAND_{result.band.name}"),
        criteria=[_criterion(score) for score in result.criteria],
        caps=[
            messages.Cap(
                reason=messages.CapReason.Value(f"CAP_REASON_{cap.reason.name}"),
                limit=float(cap.limit),
                message=cap.message,
            )
            for cap in result.caps
        ],
        flags=[messages.Flag.Value(f"FLAG_{flag.name}") for flag in result.flags],
        word_count=result.word_count,
        provenance=provenance,
        create_time=time_to(stored.created_at),
        notice=NOTICE,
        audit=stored.audit,
    )
    if result.confidence is not None:
        message.confidence.CopyFrom(_confidence(result.confidence))
    if result.feedback is not None:
        message.feedback.CopyFrom(_feedback(result.feedback))
    return message


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
    )


def _rewrite(rewrite: Rewrite) -> messages.Rewrite:
    return messages.Rewrite(quote=_quote(rewrite.quote), text=rewrite.text, reason=rewrite.reason)


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
    )
