"""Whether the words of an answer suit whom it is written to."""

import re

from grading.rubric.observation import Observation
from workers.writing.answer import Answer

_SHORTENED = re.compile(r"\b\w+'(?:t|ll|re|ve|m|d)\b", re.IGNORECASE)
_CASUAL = re.compile(
    r"\b(?:gonna|wanna|gotta|kinda|lol|omg|btw|u|ur|plz|thx|guys|stuff|cool|awesome|yeah|ok|okay"
    r"|lots of|a lot|kids|thing|things|get|gets|got)\b",
    re.IGNORECASE,
)
#: Said to friends only; "things" and "a lot" suit a polite letter well enough.
_CHATTY = re.compile(
    r"\b(?:gonna|wanna|gotta|kinda|lol|omg|btw|u|ur|plz|thx|guys|stuff|cool|awesome|yeah|ok|okay"
    r"|hey|bro|dude|super|by the way|cheers|bye|xoxo)\b|!{2,}|[:;]-?[()]",
    re.IGNORECASE,
)
_TO_A_STRANGER = re.compile(
    r"^\W*(?:dear|good (?:morning|afternoon|evening)) (?:sirs?|madam|mr|mrs|ms|dr|prof\w*|manager"
    r"|director|head|editor|principal|customer|hiring|team)\b|^\W*to whom it may concern",
    re.IGNORECASE,
)
_STIFF_CLOSING = re.compile(r"^\W*yours faithfully\b", re.IGNORECASE)
_WARM_CLOSING = re.compile(
    r"^\W*(?:(?:lots of |with |much )?love|hugs|xoxo|bye|see you|cheers|take care)\b", re.IGNORECASE
)
#: Sentences from the end of a letter among which its closing phrase stands.
_LAST = 3


def observe_casual_words(answer: Answer) -> Observation:
    """Words of everyday talk and short forms, which an essay avoids."""
    spans = sorted(
        [found.span() for found in _CASUAL.finditer(answer.text)]
        + [found.span() for found in _SHORTENED.finditer(answer.text)]
    )
    return Observation(
        "casual_words",
        answer.per_hundred(len(spans)),
        quotes=answer.quotes(spans),
        details={"count": len(spans)},
    )


def observe_letter_register(answer: Answer) -> list[Observation]:
    """Slips of tone in a letter; its greeting tells whether it goes to a stranger.

    A letter to a friend may say what it likes, but does not end in "Yours faithfully".
    """
    if not answer.sentences:
        return []
    first = answer.sentence_text(answer.sentences[0])
    endings = answer.sentences[-_LAST:]
    spans: list[tuple[int, int]] = []
    if _TO_A_STRANGER.search(first):
        spans += [found.span() for found in _CHATTY.finditer(answer.text)]
        spans += [found.span() for found in _SHORTENED.finditer(answer.text)][2:]
        wrong_closing = _WARM_CLOSING
    else:
        wrong_closing = _STIFF_CLOSING
    spans += [
        (item.start, item.end)
        for item in endings
        if len(item.words) <= 4 and wrong_closing.search(answer.sentence_text(item))
    ]
    return [
        Observation(
            "register_slips",
            float(len(spans)),
            quotes=answer.quotes(sorted(spans)),
            details={"to": "a stranger" if wrong_closing is _WARM_CLOSING else "a friend"},
        )
    ]
