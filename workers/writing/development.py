"""How far the ideas are carried: length, reasons, examples, particulars."""

from typing import Any

from grading.rubric.observation import Observation
from workers.writing.answer import Answer
from workers.writing.cohesion import count_links

_PARTICULAR = frozenset({"NNP", "NNPS", "CD"})


def observe_length(answer: Answer) -> list[Observation]:
    """Word counts, and expressions that introduce a reason or an example."""
    text = answer.text
    support = sorted(count_links(text, "reason") + count_links(text, "example"))
    return [
        Observation("word_count", float(answer.word_count)),
        Observation(
            "english_word_count", float(round(answer.own_word_count * answer.english_share))
        ),
        Observation(
            "support",
            float(len(support)),
            quotes=answer.quotes(support),
        ),
    ]


def observe_particulars(answer: Answer) -> list[Observation]:
    """Names, numbers and dates, by the parse."""
    particulars = [token for token in answer.parse if _is_particular(token)]
    return [
        Observation(
            "particulars",
            answer.per_hundred(len(particulars)),
            quotes=answer.quotes([(item.idx, item.idx + len(item)) for item in particulars]),
            details={"count": len(particulars)},
        ),
    ]


def _is_particular(token: Any) -> bool:
    """A name, a number or a date: something that only this answer would say."""
    return token.tag_ in _PARTICULAR and token.is_alpha and not token.is_sent_start
