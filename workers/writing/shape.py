"""The outer form: paragraphs, opening and ending, and what a letter must have."""

import re
from statistics import mean

from grading.domain.work import WritingTask
from grading.rubric.observation import Observation
from workers.writing.answer import Answer
from workers.writing.register import observe_casual_words, observe_letter_register
from workers.writing.segments import Sentence

#: A run-on of one or two "sentences" says nothing about how they are gathered.
_FEWEST_SENTENCES = 3
#: How far down a letter its greeting may stand, and how far up its closing.
_LETTER_EDGE = 4
_GREETING = re.compile(r"^\W*(?:dear|hi|hello|hey|good (?:morning|afternoon|evening))\b", re.I)
_CLOSING = re.compile(
    r"\b(?:love|yours(?: \w+)?|best(?: \w+)?|(?:kind |warm |best )?regards|sincerely|faithfully"
    r"|take care|see you(?: \w+)*|all the best|cheers|your (?:\w+ )?friend|with love|lots of love"
    r"|hugs|bye|write (?:back|soon)|hope to hear)\b",
    re.IGNORECASE,
)
_CONCLUDING = re.compile(
    r"\b(?:in conclusion|to sum up|in summary|to conclude|overall|all in all|in short|in brief"
    r"|on balance|finally|taking everything|for (?:all )?(?:these|the above) reasons|therefore"
    r"|in my opinion|i believe|i think|i hope|thus|should|in general|conclusion)\b",
    re.IGNORECASE,
)


def observe_shape(answer: Answer) -> list[Observation]:
    """Paragraphing of both tasks, the letter's format, the essay's shape and register."""
    if not answer.sentences:
        return []
    paragraphs = _paragraphs(answer)
    bodies = [part for part in paragraphs if _length(part) >= 15]
    observations = [
        Observation("paragraphs", float(len(bodies))),
        Observation("sentences", float(len(answer.sentences))),
    ]
    if bodies and len(answer.sentences) >= _FEWEST_SENTENCES:
        carried = mean(len(part) for part in bodies)
        observations.append(Observation("sentences_to_a_point", carried))
    if answer.task is WritingTask.LETTER:
        observations.append(_letter_format(answer, paragraphs))
        return observations + observe_letter_register(answer)
    observations += [_essay_shape(answer, paragraphs), observe_casual_words(answer)]
    if len(bodies) >= 2:
        observations.append(Observation("paragraph_length", mean(_length(part) for part in bodies)))
    return observations


def _paragraphs(answer: Answer) -> list[list[Sentence]]:
    parts: dict[int, list[Sentence]] = {}
    for sentence in answer.sentences:
        parts.setdefault(sentence.paragraph, []).append(sentence)
    return list(parts.values())


def _length(paragraph: list[Sentence]) -> int:
    return sum(len(sentence.words) for sentence in paragraph)


def _letter_format(answer: Answer, paragraphs: list[list[Sentence]]) -> Observation:
    """0 to 3: a greeting, a closing phrase, a name below it."""
    first = paragraphs[:_LETTER_EDGE]
    greeting = [part[0] for part in first if _GREETING.search(answer.sentence_text(part[0])[:40])][
        :1
    ]
    ending = answer.sentences[-_LETTER_EDGE:]
    closing = [
        sentence
        for sentence in ending
        if len(sentence.words) <= 12 and _CLOSING.search(answer.sentence_text(sentence))
    ]
    last = answer.sentences[-1]
    is_name = len(last.words) <= 5 and answer.text[last.words[-1].start].isupper()
    has_name = is_name and bool(closing)
    missing = [
        name
        for name, there in (
            ("greeting", bool(greeting)),
            ("closing phrase", bool(closing)),
            ("name at the end", has_name),
        )
        if not there
    ]
    shown = [*greeting, *closing]
    return Observation(
        "letter_format",
        float(3 - len(missing)),
        quotes=answer.quotes([(item.start, item.end) for item in shown]),
        details={"missing": ", ".join(missing) or "nothing"},
    )


def _essay_shape(answer: Answer, paragraphs: list[list[Sentence]]) -> Observation:
    """0 to 3: an opening paragraph, a body of at least two, an ending that concludes."""
    lengths = [_length(part) for part in paragraphs]
    total = sum(lengths)
    opens = len(paragraphs) >= 3 and 12 <= lengths[0] <= 0.4 * total
    has_body = sum(1 for length in lengths[1:-1] if length >= 30) >= 2
    final = paragraphs[-1]
    text = answer.text[final[0].start : final[-1].end]
    closes = len(paragraphs) >= 3 and 10 <= lengths[-1] <= 0.4 * total
    # Good endings need no formula: a short last paragraph is enough for half.
    end = (0.5 if closes else 0.0) + (0.5 if closes and _CONCLUDING.search(text) else 0.0)
    missing = [
        name
        for name, there in (
            ("a short opening paragraph", opens),
            ("two developed body paragraphs", has_body),
            ("a concluding paragraph", closes),
        )
        if not there
    ]
    return Observation(
        "essay_shape",
        float(opens) + float(has_body) + end,
        details={"missing": ", ".join(missing) or "nothing"},
    )
