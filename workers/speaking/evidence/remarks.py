"""A model's words to somebody who spoke, as far as they may be passed on."""

import re
from dataclasses import replace

from grading.domain.feedback import Feedback, FeedbackLanguage, Remark, Rewrite
from workers.evidence.parts import FeedbackGiven
from workers.evidence.remarks import feedback_from
from workers.speaking.evidence.spoken_text import SpokenText

#: Who reads a transcript has not heard how it sounded.
_UNHEARD = re.compile(
    r"\bpronunciation\b|\bpronounc(?:e|ed|es|ing)\b|\bintonation\b|\baccent\b|\bfluen(?:t|tly|cy)\b"
    r"|\bpaus(?:e|es|ing)\b|\bspeak(?:ing)? (?:too |more )?(?:fast|slow)|\byour voice\b"
    r"|phát âm|ngữ điệu|giọng|trôi chảy|lưu loát|ngắt nghỉ|trọng âm",
    re.IGNORECASE,
)


def spoken_feedback(
    given: FeedbackGiven, language: FeedbackLanguage, spoken: SpokenText
) -> Feedback | None:
    """What of ``given`` may be told to the learner; None where too little is left."""
    feedback = feedback_from(given, language, spoken.own, _UNHEARD)
    if feedback is None:
        return None
    return replace(
        feedback,
        strengths=tuple(_remark(item, spoken) for item in feedback.strengths),
        to_work_on=tuple(_remark(item, spoken) for item in feedback.to_work_on),
        rewrites=tuple(_rewrite(item, spoken) for item in feedback.rewrites),
    )


def _remark(remark: Remark, spoken: SpokenText) -> Remark:
    moments = tuple(spoken.speech.moment_of(quote) for quote in remark.quotes)
    return replace(remark, quotes=(), moments=moments)


def _rewrite(rewrite: Rewrite, spoken: SpokenText) -> Rewrite:
    assert rewrite.quote is not None
    return replace(rewrite, quote=None, moment=spoken.speech.moment_of(rewrite.quote))
