"""Results of recordings as the service gives them."""

from tests.unit.client.scripted_server import JOB_ID
from vstep.grading.v1.result_pb2 import (
    BAND_B2,
    CRITERION_FLUENCY,
    CRITERION_PRONUNCIATION,
    IMPACT_LOWERS,
    NOT_ASSESSABLE_REASON_SILENCE,
    AudioQuality,
    CriterionScore,
    Evidence,
    Feedback,
    ModelUse,
    Moment,
    NotAssessable,
    Provenance,
    Remark,
    Result,
    Rewrite,
    SpokenWord,
    Transcript,
)

SPOKEN = Result(
    job_id=JOB_ID,
    score=6.5,
    band=BAND_B2,
    word_count=4,
    criteria=[
        CriterionScore(
            criterion=CRITERION_FLUENCY,
            score=6.5,
            weight=0.25,
            band=BAND_B2,
            evidence=[
                Evidence(
                    message="Long pauses.",
                    impact=IMPACT_LOWERS,
                    points=-0.4,
                    moments=[
                        Moment(start=61.2, end=62.9),
                        Moment(text="the [b]the[/b]", start=65.0, end=65.6),
                    ],
                )
            ],
        )
    ],
    absent_criteria=[CRITERION_PRONUNCIATION],
    feedback=Feedback(
        to_work_on=[
            Remark(
                criterion=CRITERION_FLUENCY,
                text="Pause less.",
                moments=[Moment(start=61.2, end=62.9)],
            )
        ],
        rewrites=[
            Rewrite(
                moment=Moment(text="I agree.", start=0.4, end=0.9),
                text="I couldn't agree more.",
                reason="It says how much.",
            )
        ],
    ),
    transcript=Transcript(
        words=[
            SpokenWord(text="I", start=0.4, end=0.5, confidence=0.9),
            SpokenWord(text="agree.\x1b[2J", start=0.5, end=0.9, confidence=0.9),
            SpokenWord(text="Towns", start=63.0, end=63.5, confidence=0.2),
            SpokenWord(text="grow.", start=63.5, end=63.9, confidence=0.9),
        ],
        language="en",
        language_confidence=0.98,
        engine="whisper-base 1.2",
        confidence=0.725,
    ),
    audio=AudioQuality(
        seconds=64.5, speech_seconds=30.25, level_dbfs=-20.4, snr_db=31.6, clipped_share=0.0123
    ),
    provenance=Provenance(
        grader="embedded-speaking",
        grader_version="1.0",
        run=1,
        models=[
            ModelUse(
                stage="transcription",
                model="whisper-1",
                prompt_version="transcription-1.0",
                prompt_hash="00ff",
                audio_seconds=64.5,
                cost=0.00645,
            )
        ],
    ),
)
SILENT = Result(
    job_id=JOB_ID,
    not_assessable=NotAssessable(
        reason=NOT_ASSESSABLE_REASON_SILENCE, message="Nothing is heard in the recording."
    ),
    audio=AudioQuality(seconds=12, level_dbfs=-91, peak_dbfs=-91),
    provenance=Provenance(grader="embedded-speaking", grader_version="1.0", run=1),
)
