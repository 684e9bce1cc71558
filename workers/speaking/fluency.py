"""Fluency from times: how fast, how often and where it is interrupted, how long it runs.

The measures are those that tell levels apart in studies of learners' speech: speed,
breakdown and repair (Tavakoli and Skehan 2005), with pauses inside clauses apart from those
between them (De Jong 2016; Suzuki and Kormos 2020).
"""

from collections.abc import Sequence
from itertools import pairwise

from grading.domain.criterion import Moment
from grading.rubric.observation import QUOTES_SHOWN, Observation
from workers.speaking.repairs import Repair
from workers.speaking.timeline import Pause, TimedWord, Timeline, moment
from workers.speaking.voice import Voice

#: Fewer words than this have no tempo.
_FEWEST_WORDS = 3


def observe_fluency(
    line: Timeline, repairs: Sequence[Repair], inside: Sequence[Pause], voice: Voice
) -> list[Observation]:
    """Speed, pauses, runs and repairs; ``inside`` are the pauses within clauses.

    Nothing where there are too few words.
    """
    if len(line.words) < _FEWEST_WORDS or line.seconds <= 0:
        return []
    paused = sum(pause.seconds for pause in line.pauses)
    spoken = max(0.1, line.seconds - paused)
    longest = sorted(line.pauses, key=lambda pause: (-pause.seconds, pause.start))
    runs = _runs(line)
    best_run = max(runs, key=lambda run: (sum(word.syllables for word in run), -run[0].start))
    minutes = line.seconds / 60
    return [
        Observation("speech_rate", 60 * line.syllables / line.seconds),
        Observation("articulation_rate", line.syllables / spoken),
        Observation(
            "pause_share",
            paused / line.seconds,
            moments=_moments(line, longest),
            details={"percent": 100 * paused / line.seconds, "count": len(line.pauses)},
        ),
        Observation(
            "voiced_share",
            min(1.0, _voiced(line, voice)),
            details={"percent": 100 * min(1.0, _voiced(line, voice))},
        ),
        Observation(
            "longest_pause",
            longest[0].seconds if longest else 0.0,
            moments=_moments(line, longest[:1]),
        ),
        Observation(
            "pauses_in_clauses",
            100 * len(inside) / line.syllables,
            moments=_moments(line, sorted(inside, key=lambda p: (-p.seconds, p.start))),
            details={"count": len(inside), "rate": len(inside) / minutes},
        ),
        Observation(
            "run_length",
            line.syllables / len(runs),
            moments=(moment(best_run),),
            details={"count": len(runs)},
        ),
        Observation(
            "repairs",
            100 * _given_up(repairs) / len(line.words),
            moments=tuple(
                moment(line.words[item.first : item.end + 1]) for item in repairs[:QUOTES_SHOWN]
            ),
            details={"count": len(repairs)},
        ),
    ]


def _voiced(line: Timeline, voice: Voice) -> float:
    """Share of the time from the first word to the last in which the voice is heard."""
    return voice.share(line.words[0].start, line.words[-1].end)


def _runs(line: Timeline) -> list[Sequence[TimedWord]]:
    """The words between pauses."""
    cuts = [0, *(pause.before for pause in line.pauses), len(line.words)]
    return [line.words[start:end] for start, end in pairwise(cuts)]


def _given_up(repairs: Sequence[Repair]) -> int:
    return sum(item.end - item.first for item in repairs)


def _moments(line: Timeline, pauses: Sequence[Pause]) -> tuple[Moment, ...]:
    """Pauses with the words on both sides of them."""
    return tuple(
        Moment(
            f"{line.words[pause.before - 1].word.text} … {line.words[pause.before].word.text}",
            round(pause.start, 2),
            round(pause.end, 2),
        )
        for pause in pauses[:QUOTES_SHOWN]
    )
