"""How far a run is that listens to a recording."""

from collections.abc import Callable

from grading.domain.job import JobStage
from workers.grader import Run
from workers.speaking.transcriber import Heard

#: Hears the share of listening and measuring that is done, 0 to 1, and what comes next.
Step = Callable[[float, str], None]

#: The part of a run's progress that they take.
_FROM, _TO = 0.1, 0.75
#: The shares of it that decoding, transcribing, aligning and listening to the voice end at.
DECODED, TRANSCRIBED, ALIGNED, LISTENED = 0.05, 0.75, 0.95, 1.0


def progress_at(share: float) -> float:
    """The progress of a run at a share of listening."""
    return round(_FROM + share * (_TO - _FROM), 2)


def steps_of(run: Run) -> Step:
    """Tell ``run`` how far the listening is."""

    def step(share: float, message: str) -> None:
        run.report(JobStage.MEASURING, progress_at(share), message)

    return step


def heard_of(step: Step) -> Heard:
    """Tell ``step`` how far the transcribing is."""

    def heard(done: float, total: float) -> None:
        share = done / total if total else 1.0
        step(
            DECODED + share * (TRANSCRIBED - DECODED),
            f"Transcribing: {done:.0f} of {total:.0f} seconds",
        )

    return heard
