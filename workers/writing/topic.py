"""Whether an answer is about what the prompt asks, and covers each requirement."""

import re

import numpy as np

from grading.rubric.observation import Observation
from workers.writing.answer import Answer
from workers.writing.cohesion import count_links
from workers.writing.embedding import SentenceEmbedder, Vectors
from workers.writing.segments import Word, sentences_in, words_in
from workers.writing.stop_words import STOP_WORDS

#: Words in one embedded piece; longer sentences are cut, so that a run-on is still read.
_PIECE = 40
#: Pieces embedded of one answer; more come from an even sample.
_MOST_PIECES = 28
#: Words of a task that say what to do and nothing of the subject.
_TASK_WORDS = frozenset(
    """discuss say explain describe suggest give support reasons reason examples example relevant
    opinion view views own essay letter email write written reader educated include answer words
    least least agree disagree extent idea statement topic far present state argue position
    following question read received part want should please about include write minutes
    spend least task use any your you""".split()
)
_INSTRUCTION = re.compile(
    r"^\W*(?:write|include|give reasons|support your|you (?:should|must|do not|don't|need)"
    r"|use (?:specific|relevant)|your (?:letter|essay|email|answer) )",
    re.IGNORECASE,
)
#: Different content words from which a prompt says what an answer should be about.
_TELLING = 5
#: Cosine at which a requirement counts as not touched, and as fully covered.
_UNTOUCHED, _COVERED = 0.16, 0.42
_VIEWS = re.compile(
    r"\b(?:i (?:think|believe|agree|disagree|would argue|am convinced|feel|strongly|completely"
    r"|totally|partly|personally|support|prefer)|in my (?:opinion|view)|my opinion|my view"
    r"|to my mind|as far as i am concerned)\b",
    re.IGNORECASE,
)


def embed_pieces(answer: Answer, embedder: SentenceEmbedder) -> Vectors:
    """One vector for each sentence, of its content words.

    Function words cost half the time and tell little about the topic.
    """
    pieces: list[tuple[Word, ...]] = []
    for sentence in answer.sentences:
        words = sentence.words
        pieces += [words[at : at + _PIECE] for at in range(0, len(words), _PIECE)]
    if len(pieces) > _MOST_PIECES:
        chosen = np.linspace(0, len(pieces) - 1, _MOST_PIECES).round().astype(int)
        pieces = [pieces[at] for at in chosen]
    return embedder.embed([_content(piece) for piece in pieces])


def _content(words: tuple[Word, ...]) -> str:
    content = [word.form for word in words if word.form not in STOP_WORDS]
    return " ".join(content or [word.form for word in words])


def observe_topic(
    answer: Answer, vectors: Vectors, embedder: SentenceEmbedder
) -> list[Observation]:
    """Likeness to the prompt's subject and coverage of its requirements."""
    subject = _subject(answer.prompt.text)
    topical = [item for item in answer.prompt.requirements if _is_topical(item)]
    if not len(vectors) or not subject:
        return []
    asked = embedder.embed_once((_content(words_in(subject)), *(_asked(item) for item in topical)))
    likeness = vectors @ asked.T
    whole = vectors.mean(axis=0)
    whole = whole / max(float(np.linalg.norm(whole)), 1e-9)
    about = max(0.0, round(float(whole @ asked[0]), 4))
    if topical:
        about = max(about, round(float(np.mean(whole @ asked[1:].T)), 4))
    detail = {word.form for word in words_in(" ".join([subject, *map(_asked, topical)]))}
    is_told = len(detail - STOP_WORDS) >= _TELLING
    observations = [
        Observation(
            "relevance" if is_told else "relevance_to_title",
            about,
            details={"percent": 100.0 * about},
        )
    ]
    degrees = {item: _degree(float(likeness[:, at + 1].max())) for at, item in enumerate(topical)}
    for item in answer.prompt.requirements:
        if item not in degrees:
            degrees[item] = _general_degree(answer, item)
    if degrees:
        covered = sum(degrees.values()) / len(degrees)
        weakest = min(degrees, key=lambda item: (degrees[item], item))
        observations.append(
            Observation(
                "requirements_covered",
                round(covered, 4),
                details={
                    "percent": 100.0 * covered,
                    "asked": len(degrees),
                    "weakest": weakest.strip().rstrip("."),
                },
            )
        )
    return observations


def _subject(prompt: str) -> str:
    """The prompt without the sentences that only tell how to answer."""
    sentences = [prompt[item.start : item.end] for item in sentences_in(prompt)]
    about = [item for item in sentences if not _INSTRUCTION.search(item)]
    return " ".join(about or sentences)


def _asked(requirement: str) -> str:
    words = [word.form for word in words_in(requirement)]
    content = [form for form in words if form not in STOP_WORDS | _TASK_WORDS]
    return " ".join(content or words)


def _is_topical(requirement: str) -> bool:
    forms = {word.form for word in words_in(requirement)}
    return bool(forms - STOP_WORDS - _TASK_WORDS)


def _degree(likeness: float) -> float:
    return min(1.0, max(0.0, (likeness - _UNTOUCHED) / (_COVERED - _UNTOUCHED)))


def _general_degree(answer: Answer, requirement: str) -> float:
    """Coverage of "give reasons and examples" or "give your opinion", by the words for it."""
    wanted = requirement.lower()
    parts: list[float] = []
    if "reason" in wanted or "support" in wanted or "explain" in wanted:
        parts.append(min(1.0, len(count_links(answer.text, "reason")) / 3))
    if "example" in wanted:
        parts.append(min(1.0, len(count_links(answer.text, "example")) / 1))
    if re.search(r"opinion|agree|view|position", wanted):
        parts.append(1.0 if _VIEWS.search(answer.text) else 0.4)
    return sum(parts) / len(parts) if parts else 0.5
