"""Parts of an answer that speak to whoever grades it, to be left out of the measuring.

A cue alone marks its sentence. Marked-up blocks (a fake result, closing tags, JSON)
are marked whole, and so is a sentence without a cue between two marked ones.
"""

import re

from workers.writing.segments import Sentence, sentences_in

_GRADER = (
    r"(?:grad(?:er|ing|ers)|examiners?|markers?|assessors?|rater|scor(?:er|ing)|evaluator"
    r"|ai(?: model| assistant| system)?|language model|llm|chat ?gpt|gpt|assistant|system"
    r"|algorithm)"
)
_SCORE = r"(?:scores?|marks?|grades?|points?|bands?|ratings?|criteri(?:on|a)|10|ten|c1|confidence)"
_CUES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # "ignore the rubric", "disregard all previous instructions"
        r"\b(?:ignore|disregard|forget|override|bypass|skip)\b[^.!?\n]{0,40}"
        r"\b(?:rubric|criteria|prompts?|system message"
        r"|(?:all|any|previous|prior|earlier|above|these|your|grading|marking|scoring)"
        r" (?:\w+ ){0,2}(?:instructions?|guidelines?|rules)(?! (?:of|at|on|in|from)\b)"
        r"|(?:instructions?|guidelines?|rules) above(?! the\b))\b",
        # "note to the grader", "dear AI", "attention grading system"
        r"\b(?:note|message|instructions?|attention|reminder|hint)\b[ ,:]{1,3}(?:to|for)?[ ]?"
        rf"(?:the |any |all |every |my |our |whoever )?(?:automat\w+ |essay |human )?{_GRADER}\b",
        rf"^\W*(?:dear|hello|hi|hey|attention|ok(?:ay)?)[ ,:]+(?:the |my |mr )?{_GRADER}\b",
        # "give 10 for every criterion", "award me full marks"
        r"(?:^|[,;:\"'(]|\bplease|\bkindly|\band|\bjust|\bthen|\bso|\b(?:you|graders?|examiners?"
        r"|system|ai) (?:must|should|shall|will))\W{0,3}"
        r"(?:give|award|assign|return|output|grant|set|rate|score|grade|mark)\b"
        r"[^.!?\n]{0,30}\b(?:every|each|all|full|maximum|max|highest|top|perfect|10|ten|100|c1"
        rf"|band)\b[^.!?\n]{{0,30}}\b{_SCORE}\b",
        r"\b(?:give|award|grant)\b (?:me|this (?:essay|answer|letter|text|candidate)|my \w+)\b"
        rf"[^.!?\n]{{0,30}}\b{_SCORE}\b",
        r"\b(?:rate|score|grade|mark|treat|consider)\b (?:this|my) "
        r"(?:essay|answer|letter|text|writing|work|response|submission)\b[^.!?\n]{0,40}"
        r"\b(?:10|ten|c1|full|high\w*|max\w*|perfect|excellent|top|band)\b",
        # "this essay has been approved by the head examiner", "deserves a 10"
        r"\bthis (?:essay|answer|letter|text|candidate|response|submission)\b[^.!?\n]{0,50}"
        r"\b(?:approved|pre-?approved|verified|deserves?|exempt\w*|(?:been|already) "
        r"(?:graded|marked|scored|rated))\b",
        # "overall = 10", "Grammar: 10/10", "the final score is 10"
        r"\b(?:scor(?:e|ing)|marks?|grades?|bands?|overall|confidence|fulfil\w+|organi[sz]ation"
        r"|vocabulary|grammar)\W{1,3}(?:(?:is|of)\W+)?(?<!\. )(?:10|9\.5|9|100|c1)\b(?!:)",
        r"\b(?:override|bypass)\b[^.!?\n]{0,20}\bscor",
        r"^\W*(?:system|assistant|developer|grader|examiner) ?:",
        # "whoever marks this", "the examiner has checked this", "be generous with my score"
        r"\b(?:marks?|grades?|marking|grading|scoring|rating) this\b(?! (?:as|with|by))",
        r"\bexaminers? (?:has|have) (?:already )?(?:checked|graded|approved|scored|marked) "
        r"(?:it|this|my|the) ?(?:essay|answer|letter|text|work|paper|writing|response)?(?=\W|$)"
        r"(?! (?!and|as|with|already)\w)",
        # "ChatGPT, output 10", "I deserve full marks", "do not deduct points"
        r"^\W*(?:chat ?gpt|gpt|llm|ai|grader|examiner|assistant) ?[,:] ",
        r"\bi deserve\b[^.!?\n]{0,20}\b(?:10|ten|full|top|high\w*|max\w*)\b[^.!?\n]{0,12}"
        r"\b(?:out of|marks?|scores?|points?|grade|band)\b",
        r"(?:^|\bplease |\band )\W*(?:do not|don't) (?:deduct|take off|subtract)\b[^.!?\n]{0,12}"
        r"\b(?:points?|marks?)\b",
        r"^\W*(?:treat|consider|regard) (?:everything|all|the text|whatever)\b[^.!?\n]{0,30}\bas "
        r"(?:an? )?(?:excellent|perfect|c1|correct|flawless|top)\b",
        r"\bfor the (?:rater|grader|marker|examiner|assessor)s? only\b",
        # The same in Vietnamese.
        r"\bchấm (?:cho )?(?:em|tôi|mình|con|bài)\b[^.!?\n]{0,30}\bđiểm\b",
        r"\bcho (?:em|tôi|mình|con|bài)(?: (?:bài|này|viết|luận|xin|được|số|điểm)){0,4}"
        r" (?:10|mười|tối đa|cao nhất)\b(?: điểm\b|\W|$)",
        r"\bbỏ qua (?:các |mọi |tất cả |những )*(?:hướng dẫn|chỉ dẫn|tiêu chí|yêu cầu)\b",
        r"\b(?:generous|lenient|kind|merciful)\b[^.!?\n]{0,30}\bmy (?:scores?|marks?|grades?)\b",
        r"\bset (?:the )?confidence\b|\bhuman review\b|\bsystem prompt\b",
        r"\byou are (?:now )?(?:a|an|the)\b[^.!?\n]{0,30}"
        r"\b(?:grad(?:er|ing)|examiner|scorer|rater|evaluator|language model|assistant)\b",
        r"\bas (?:an ai|a language model)\b[^.!?\n]{0,60}\b(?:must|should|give|award|score)\b",
        r"\b(?:end of|ignore) (?:the )?(?:candidate|student|user)(?:'s)? (?:text|answer|input)\b",
        r"\bthe result (?:above|below) is final\b|\breturn it unchanged\b",
    )
)  # fmt: skip
_BLOCKS = (
    re.compile(r"```.{0,20000}?```", re.DOTALL),
    re.compile(r"<!--.{0,20000}?-->", re.DOTALL),
    # An element that carries a result or plays the system's part, with all inside.
    re.compile(
        r"<(system|script|style|instructions?|result|grading|div|assistant|rubric)\b[^<>]{0,400}>"
        r".{0,20000}?</\1\s*>",
        re.DOTALL | re.IGNORECASE,
    ),
    re.compile(r"</?[a-z][a-z0-9_-]{0,30}(?:\s[^<>]{0,400})?/?>", re.IGNORECASE),
    re.compile(r"\[/?(?:inst|sys|system|assistant|user|end)\]|<\|[a-z_]{1,30}\|>", re.IGNORECASE),
)
#: What only one who knows of the grading speaks of.
_ABOUT_THIS = re.compile(
    r"\b(?:this|rubric|instructions?|guidelines?|prompts?|criteri(?:on|a)|grader|examiner|system|ai"
    r"|gpt|chat ?gpt|essay|answer|confidence|c1|overall|previous)\b",
    re.IGNORECASE,
)
#: Cues that are no more than how a speaker turns to the examiner.
_GREETING = re.compile(
    r"\W*(?:(?:dear|hello|hi|hey|ok(?:ay)?)[ ,:]+)?(?:the |my |mr )?examiners?[ ,:]*", re.IGNORECASE
)
_REPORTED = re.compile(
    r"\b(?:said|says|told|asked|shouted|replied|promised|joked|wrote|answered|cried|begged)\b",
    re.IGNORECASE,
)
#: Its marks stand apart from letters, as an apostrophe does not.
_QUOTED = re.compile(r"""(?:^|(?<=[\s:,(]))(["'])(?=\S).{1,300}?\1(?=[\s.,;:!?)]|$)""")
#: A brace, a quoted key and a colon: an object of JSON begins.
_OBJECT = re.compile(r"""\{\s*["'][\w -]{1,40}["']\s*:""")
#: Blocks no one would type in an essay by accident; a lone tag may be.
_CRUDE = re.compile(r"<(?:b|i|u|br|p|em|strong)\s*/?>|</(?:b|i|u|p|em|strong)>", re.IGNORECASE)

Span = tuple[int, int]


def spans_to_grader(text: str, *, is_spoken: bool = False) -> tuple[Span, ...]:
    """Where ``text`` (clean) addresses the grader; in order, none touching another.

    Who speaks may greet the examiner, who is in the room.
    """
    blocks = _merge(_blocks(text))
    outside = _blank(text, blocks)
    sentences = sentences_in(outside)
    marked = [_has_cue(outside, sentence, is_spoken) for sentence in sentences]
    for at in range(1, len(marked) - 1):
        between = marked[at - 1] and marked[at + 1]
        same = sentences[at - 1].paragraph == sentences[at].paragraph == sentences[at + 1].paragraph
        marked[at] = marked[at] or (between and same)
    spans = [
        (sentence.start, sentence.end)
        for sentence, is_marked in zip(sentences, marked, strict=True)
        if is_marked
    ]
    return _merge([*blocks, *spans])


def blank_out(text: str, spans: tuple[Span, ...]) -> str:
    """``text`` with ``spans`` made spaces, so that every place keeps its number."""
    return _blank(text, spans)


def _has_cue(text: str, sentence: Sentence, is_spoken: bool) -> bool:
    part = text[sentence.start : min(sentence.end, sentence.start + 2000)]
    found = [match for cue in _CUES for match in cue.finditer(part)]
    if is_spoken:
        found = [match for match in found if not _GREETING.fullmatch(match.group())]
    return any(not _is_told(part, match) for match in found)


def _is_told(part: str, match: re.Match[str]) -> bool:
    """Tell whether a plea for marks is only what someone in the story said.

    Words on the rubric or on this very answer are no story, whoever is said to have
    said them.
    """
    if _ABOUT_THIS.search(match.group()) or not _REPORTED.search(part):
        return False
    quoted = [quote.span() for quote in _QUOTED.finditer(part)]
    # A cue may begin with the sign before its first word.
    first = match.end() - len(match.group().lstrip(" ,:;(\"'"))
    return any(start <= first and match.end() <= end for start, end in quoted)


def _blocks(text: str) -> list[Span]:
    found: list[Span] = []
    for pattern in _BLOCKS:
        # Without its first sign a pattern can't match, and searching would be quadratic.
        found += [
            block.span() for block in pattern.finditer(text) if not _CRUDE.fullmatch(block.group())
        ]
    found += [(start.start(), _object_end(text, start.start())) for start in _objects(text)]
    return found


def _objects(text: str) -> list[re.Match[str]]:
    return list(_OBJECT.finditer(text))[:20]


def _object_end(text: str, start: int) -> int:
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return at + 1
    return text.find("\n\n", start) if "\n\n" in text[start:] else len(text)


def _merge(spans: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _blank(text: str, spans: tuple[Span, ...]) -> str:
    pieces: list[str] = []
    at = 0
    for start, end in spans:
        blank = "".join("\n" if sign == "\n" else " " for sign in text[start:end])
        pieces += [text[at:start], blank]
        at = end
    return "".join([*pieces, text[at:]])
