"""A model's words to the learner, as far as they may be passed on."""

import re
from collections.abc import Callable, Sequence

from grading.domain.criterion import Criterion
from grading.domain.feedback import Feedback, FeedbackLanguage, Remark, Rewrite
from workers.evidence.parts import FeedbackGiven, RemarkGiven, RewriteGiven
from workers.evidence.passages import Passages
from workers.writing.own_text import OwnText

#: Whether a sentence may be told.
Fits = Callable[[str], bool]

_MOST_REMARKS, _MOST_REWRITES = 3, 3
#: Characters of a remark, and of a rewritten sentence.
_LONGEST_REMARK, _LONGEST_REWRITE = 500, 600
#: A model gives no scores; one that was talked into it must not reach the learner with them.
_SCORE = re.compile(
    r"\b[ABC][12]\b|\bband\s+(?:\d|score)|\bscor(?:e|es|ed|ing)\b|\bfull marks?\b"
    r"|\bmarks?\s+(?:of\s+)?\d|\d\s*(?:/|out of|trên)\s*\d"
    r"|\bđiểm\s*(?:số|tối đa|\d)|\d\s*điểm",
    re.IGNORECASE,
)


def feedback_from(
    given: FeedbackGiven,
    language: FeedbackLanguage,
    own: OwnText,
    unknown: re.Pattern[str] | None = None,
) -> Feedback | None:
    """What of ``given`` may be told to the learner; None where too little is left.

    Quotes must stand in the answer, and nobody is told of a score, or of what the model
    can't know: what matches ``unknown``.
    """
    passages = Passages(own)
    fits = _fitness(unknown)
    strengths = _remarks(given.strengths, passages, fits)
    to_work_on = _remarks(given.to_work_on, passages, fits)
    if not strengths and not to_work_on:
        return None
    rewrites = [_rewrite(item, passages, fits) for item in given.rewrites]
    kept = [item for item in rewrites if item is not None]
    return Feedback(language, strengths, to_work_on, tuple(kept[:_MOST_REWRITES]))


def _fitness(unknown: re.Pattern[str] | None) -> Fits:
    def fits(text: str) -> bool:
        if len(text) > _LONGEST_REMARK or _SCORE.search(text):
            return False
        return unknown is None or not unknown.search(text)

    return fits


def _remarks(given: Sequence[RemarkGiven], passages: Passages, fits: Fits) -> tuple[Remark, ...]:
    remarks = []
    for item in given:
        if not item.text or not fits(item.text):
            continue
        quote = passages.find(item.quote) if item.quote else None
        remarks.append(Remark(Criterion(item.criterion), item.text, (quote,) if quote else ()))
    return tuple(remarks[:_MOST_REMARKS])


def _rewrite(given: RewriteGiven, passages: Passages, fits: Fits) -> Rewrite | None:
    text, reason = given.rewrite, given.reason
    quote = passages.find(given.quote)
    if quote is None or not text or text == quote.text or len(text) > _LONGEST_REWRITE:
        return None
    if not fits(reason):
        return None
    # The learner's own sentence may speak of marks; one that comes to do so is no rewrite.
    if _SCORE.search(text) and not _SCORE.search(quote.text):
        return None
    return Rewrite(quote, text, reason)
