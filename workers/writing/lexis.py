"""Range of words: level, rarity, diversity."""

from typing import Any

from grading.rubric.observation import Observation
from workers.writing.answer import Answer
from workers.writing.models import Lexicon
from workers.writing.segments import Word, words_in
from workers.writing.stop_words import STOP_WORDS

#: McCarthy & Jarvis (2010): a factor is complete when its type-token ratio falls to this.
_FACTOR = 0.72
#: Fewer words give no stable diversity.
_FEWEST = 50
#: CEFR B2 on cefrpy's scale of 1 (A1) to 6 (C2).
_UPPER = 4.0
#: Words rarer than this say little about range; a slip or a name may be among them.
_RAREST = 2.0
#: Words of a window; counts inside it do not grow with the answer.
_WINDOW = 100
#: How far the window moves on.
_STRIDE = 25
#: Zipf value under which a word is none of the commonest thousand or so.
_UNCOMMON = 5.0
#: Words in -ly that no adjective made: they shade nothing.
_PLAIN_LY = frozenset("only early family reply supply july apply rely italy ugly lonely".split())
#: Zipf value under which an English word is one that few readers know.
_OBSCURE = 2.6
_CONTENT = frozenset({"NOUN", "VERB", "ADJ", "ADV"})


def observe_lexis(answer: Answer, lexicon: Lexicon, misspelt: frozenset[int]) -> list[Observation]:
    """Level, rarity and diversity of the words, the prompt's own left out of the level."""
    asked = {word.form for word in words_in(answer.prompt.text)}
    content = _content(answer, misspelt)
    own = {token.lemma_.lower(): token for token in content if token.lower_ not in asked}
    observations = [
        Observation("distinct_ideas", float(len({token.lemma_.lower() for token in content})))
    ]
    graded = [(token, lexicon.level(lemma)) for lemma, token in own.items()]
    known = [(token, level) for token, level in graded if level is not None]
    if len(known) >= 10:
        upper = [token for token, level in known if level >= _UPPER]
        share = len(upper) / len(known)
        ranked = sorted(upper, key=lambda token: (lexicon.zipf(token.lower_), token.i))
        observations.append(
            Observation(
                "advanced_words",
                100.0 * share,
                quotes=answer.quotes([(token.idx, token.idx + len(token)) for token in ranked]),
                details={"count": len(upper)},
            )
        )
    zipfs = [
        lexicon.zipf(token.lower_) for token in content if lexicon.zipf(token.lower_) >= _RAREST
    ]
    if len(zipfs) >= 10:
        observations.append(Observation("word_frequency", sum(zipfs) / len(zipfs)))
    if content:
        obscure = [token for token in own.values() if 0 < lexicon.zipf(token.lower_) < _OBSCURE]
        observations.append(
            Observation(
                "obscure_words",
                len(obscure) / len(own) if own else 0.0,
                quotes=answer.quotes([(token.idx, token.idx + len(token)) for token in obscure]),
                details={"percent": 100.0 * len(obscure) / len(own) if own else 0.0},
            )
        )
    if answer.words:
        density = len(content) / len(answer.words)
        observations.append(Observation("lexical_density", density))
    observations += _uncommon(answer, lexicon, misspelt)
    observations.append(_adverbs(answer))
    if len(answer.words) >= _FEWEST:
        observations.append(Observation("lexical_diversity", mtld(answer.words)))
    return observations


def _uncommon(answer: Answer, lexicon: Lexicon, misspelt: frozenset[int]) -> list[Observation]:
    """Different words beyond the commonest in a hundred running words, whatever the length."""
    rare = [
        word.form
        if is_english
        and word.start not in misspelt
        and _RAREST <= lexicon.zipf(word.form) < _UNCOMMON
        else ""
        for word, is_english in zip(answer.words, answer.english, strict=True)
    ]
    if len(rare) < _FEWEST:
        return []
    starts = range(0, max(1, len(rare) - _WINDOW + 1), _STRIDE)
    size = min(_WINDOW, len(rare))
    counts = [len(set(rare[start : start + size]) - {""}) for start in starts]
    mean = 100.0 * sum(counts) / len(counts) / size
    return [Observation("uncommon_words", mean)]


def _adverbs(answer: Answer) -> Observation:
    adverbs = [
        token
        for token in answer.parse
        if token.lower_.endswith("ly") and len(token) > 4 and token.tag_ == "RB"
        and token.lower_ not in _PLAIN_LY
    ]  # fmt: skip
    return Observation(
        "shading_adverbs",
        answer.per_hundred(len({token.lower_ for token in adverbs})),
        quotes=answer.quotes([(token.idx, token.idx + len(token)) for token in adverbs]),
        details={"count": len(adverbs)},
    )


def _content(answer: Answer, misspelt: frozenset[int]) -> list[Any]:
    english = {
        word.start
        for word, is_english in zip(answer.words, answer.english, strict=True)
        if is_english
    }
    return [
        token
        for token in answer.parse
        if token.pos_ in _CONTENT
        and token.is_alpha
        and token.lower_ not in STOP_WORDS
        and token.idx in english
        and token.idx not in misspelt
    ]


def mtld(words: tuple[Word, ...]) -> float:
    """Measure of textual lexical diversity: mean length of runs that stay diverse.

    McCarthy & Jarvis (2010), the mean of both directions; hardly moved by length.
    """
    forms = [word.form for word in words]
    return (_one_way(forms) + _one_way(forms[::-1])) / 2


def _one_way(forms: list[str]) -> float:
    factors = 0.0
    types: set[str] = set()
    count = 0
    for form in forms:
        count += 1
        types.add(form)
        if len(types) / count <= _FACTOR:
            factors += 1
            types, count = set(), 0
    if count:
        factors += (1 - len(types) / count) / (1 - _FACTOR)
    return len(forms) / factors if factors else float(len(forms))
