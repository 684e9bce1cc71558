"""How sentences hang together: linking words, and closeness of neighbours in meaning."""

import re

import numpy as np

from grading.rubric.observation import Observation
from workers.writing.answer import Answer
from workers.writing.embedding import Vectors

#: Linking expressions by what they do.
LINKS = {
    "adding": """also|moreover|furthermore|in addition|besides|as well as|not only|what is more
        |another|additionally|likewise|similarly|too""",
    "contrasting": """however|but|although|though|even though|nevertheless|nonetheless|on the other
        hand|in contrast|by contrast|whereas|while|despite|in spite of|yet|instead|unlike
        |conversely|rather than|on the contrary|still""",
    "reason": """because|since|as a result|therefore|thus|consequently|hence|due to|owing to|so that
        |for this reason|that is why|because of|thanks to|lead to|leads to|so""",
    "example": """for example|for instance|such as|like|in particular|namely|to illustrate|a case in
        point|an example of""",
    "order": """first|firstly|second|secondly|third|thirdly|finally|then|next|to begin with|to start
        with|first of all|last but not least|lastly|after that|the first|the second|meanwhile
        |before|afterwards|later""",
    "concluding": """in conclusion|to sum up|in summary|to conclude|overall|all in all|in short|in
        brief|taking everything into account|on balance""",
    "condition": "if|unless|as long as|provided that|otherwise|in case|even if|whether",
    "view": """in my opinion|i think|i believe|from my point of view|personally|in my view|to my
        mind|i would argue|as far as i am concerned|admittedly|it is true that|of course
        |undoubtedly|above all|indeed|in fact|clearly""",
}

#: What every beginner links with; the rest shows range.
_BASIC = frozenset(
    """also too but so because like if first second firstly secondly third then next finally
    another before later while still since""".split()
) | {
    "for example", "such as", "i think", "in my opinion", "in conclusion", "the first",
    "the second", "i believe", "lastly", "as well as",
}  # fmt: skip
#: A run-on of one or two "sentences" says nothing about how they begin.
_FEWEST_SENTENCES = 3
#: Words in what may open a sentence before its comma.
_LONGEST_OPENING = 6


def _compile(alternatives: str) -> re.Pattern[str]:
    phrases = [" ".join(part.split()) for part in alternatives.split("|")]
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, longest_first)) + r")\b", re.IGNORECASE)


_PATTERNS = {name: _compile(alternatives) for name, alternatives in LINKS.items()}


def observe_cohesion(answer: Answer, vectors: Vectors) -> list[Observation]:
    """Number and variety of linking expressions; likeness of neighbouring sentences."""
    if not answer.words:
        return []
    found = [match for pattern in _PATTERNS.values() for match in pattern.finditer(answer.text)]
    found.sort(key=lambda match: match.start())
    forms = [match.group().lower() for match in found]
    uses = len(found)
    kinds = sum(1 for pattern in _PATTERNS.values() if pattern.search(answer.text))
    spans = [match.span() for match in found if len(match.group()) > 4]
    observations = [
        Observation(
            "linking_words",
            answer.per_hundred(uses),
            quotes=answer.quotes(spans),
            details={"count": uses},
        ),
        Observation(
            "linking_variety",
            float(len(set(forms))),
            details={"kinds": kinds, "count": uses},
        ),
    ]
    upper = sorted(set(forms) - _BASIC)
    observations.append(
        Observation(
            "linking_range",
            float(len(upper)),
            quotes=answer.quotes(
                [match.span() for match in found if match.group().lower() in upper]
            ),
            details={"names": ", ".join(upper[:5]) or "none"},
        )
    )
    if uses >= 5:
        most = max(sorted(set(forms)), key=forms.count)
        observations.append(
            Observation(
                "linking_repetition",
                forms.count(most) / uses,
                details={"word": most, "percent": 100.0 * forms.count(most) / uses},
            )
        )
    if len(answer.sentences) >= _FEWEST_SENTENCES:
        observations.append(_signposts(answer))
    if len(vectors) >= 4:
        neighbours = float(np.mean(np.sum(vectors[1:] * vectors[:-1], axis=1)))
        observations.append(Observation("sentence_links", max(0.0, round(neighbours, 4))))
    return observations


def _signposts(answer: Answer) -> Observation:
    """Share of the sentences that begin with a word or phrase set off by a comma."""
    opened: list[tuple[int, int]] = []
    for sentence in answer.sentences:
        comma = answer.text.find(",", sentence.start, sentence.end)
        before = sum(1 for word in sentence.words if word.start < comma)
        if 1 <= before <= _LONGEST_OPENING and before + 2 <= len(sentence.words):
            opened.append((sentence.start, comma))
    share = len(opened) / len(answer.sentences)
    return Observation(
        "signposted_sentences",
        share,
        quotes=answer.quotes(opened),
        details={"count": len(opened), "percent": 100.0 * share},
    )


def count_links(text: str, name: str) -> list[tuple[int, int]]:
    """Where ``text`` has linking expressions of one sort of ``LINKS``."""
    return [match.span() for match in _PATTERNS[name].finditer(text)]
