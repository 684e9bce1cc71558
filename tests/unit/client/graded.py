"""A result as the service gives it."""

from tests.unit.client.scripted_server import JOB_ID
from vstep.grading.v1.result_pb2 import (
    BAND_B1,
    CAP_REASON_TOO_SHORT,
    CONFIDENCE_FACTOR_ORIGINALITY,
    CONFIDENCE_FACTOR_SCORER_AGREEMENT,
    CRITERION_GRAMMAR,
    CRITERION_VOCABULARY,
    FEEDBACK_LANGUAGE_VIETNAMESE,
    FLAG_INSTRUCTIONS_TO_GRADER,
    IMPACT_LOWERS,
    Cap,
    Confidence,
    CriterionScore,
    Evidence,
    FactorScore,
    Feedback,
    ModelUse,
    Provenance,
    Quote,
    Remark,
    Result,
    Rewrite,
)

RESULT = Result(
    job_id=JOB_ID,
    score=4.0,
    band=BAND_B1,
    word_count=90,
    criteria=[
        CriterionScore(
            criterion=CRITERION_GRAMMAR,
            score=4.5,
            weight=0.25,
            band=BAND_B1,
            descriptor="Simple sentences.",
            evidence=[
                Evidence(
                    kind="grammar_errors",
                    message="Grammar slips are frequent (9 found).",
                    impact=IMPACT_LOWERS,
                    points=-0.7,
                    quotes=[Quote(text="he [red]go[/red]\x1b[2J", start=3, end=8)],
                )
            ],
        )
    ],
    caps=[Cap(reason=CAP_REASON_TOO_SHORT, limit=4.0, message="90 words, under 125.")],
    flags=[FLAG_INSTRUCTIONS_TO_GRADER],
    provenance=Provenance(
        grader="embedded-writing",
        grader_version="1.0",
        run=1,
        models=[
            ModelUse(
                stage="evidence",
                model="model-a\x1b[2J",
                prompt_version="evidence-1.0",
                prompt_hash="00ff",
                prompt_tokens=2400,
                cached_tokens=1900,
                completion_tokens=800,
                cost=0.00151,
            ),
            ModelUse(
                stage="second_evidence",
                model="model-b",
                completion_tokens=700,
                cost=0.1,
                recalled=True,
            ),
        ],
        fallback="instructions_to_grader",
    ),
    notice="A practice estimate.",
    confidence=Confidence(
        value=87,
        factors=[
            FactorScore(factor=CONFIDENCE_FACTOR_SCORER_AGREEMENT, value=76.4, weight=30),
            FactorScore(factor=CONFIDENCE_FACTOR_ORIGINALITY, value=100, weight=25),
        ],
    ),
    audit=True,
    feedback=Feedback(
        language=FEEDBACK_LANGUAGE_VIETNAMESE,
        strengths=[Remark(criterion=CRITERION_VOCABULARY, text="Em viết đúng chính tả.")],
        to_work_on=[
            Remark(
                criterion=CRITERION_GRAMMAR,
                text="Thêm -s.",
                quotes=[Quote(text="she have\x1b[2J", start=10, end=18)],
            )
        ],
        rewrites=[
            Rewrite(
                quote=Quote(text="she have\x1b[2J", start=10, end=18),
                text="She has\x1b[2J a cough.",
                reason="Chủ ngữ số ít.",
            )
        ],
    ),
)
