"""What the embedded writing grader costs: time of one core an essay, load time, memory."""

import os
import statistics
import time
from pathlib import Path

from bench.command import run
from bench.report import Aim, Bound, Report
from grading.domain.work import Prompt, WritingTask, WritingWork
from workers.unwatched_run import UnwatchedRun

_ESSAYS = Path(__file__).parent.parent / "embedded" / "essays"
_ROUNDS = 12
_WARM_UP = 2
#: The essays differ in length; times are scaled to this many words.
_WORDS = 300


def measure() -> Report:
    """Grade the three essays again and again, with changed names so that nothing is cached."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ["OMP_NUM_THREADS"] = "1"
    started = time.perf_counter()
    # Loading is part of what is measured.
    from workers.writing.embedded import EmbeddedWritingGrader

    grader = EmbeddedWritingGrader.load()
    loading = time.perf_counter() - started
    prompt = Prompt(
        (_ESSAYS / "prompt.txt").read_text(encoding="utf-8").strip(),
        tuple((_ESSAYS / "requirements.txt").read_text(encoding="utf-8").strip().split("\n")),
    )
    texts = [(_ESSAYS / f"{level}.txt").read_text(encoding="utf-8") for level in ("b1", "b2", "c1")]
    times: list[float] = []
    for turn in range(_ROUNDS + _WARM_UP):
        for text in texts:
            work = WritingWork(WritingTask.ESSAY, _changed(text, turn), prompt)
            before = time.process_time()
            result = grader.grade(work, UnwatchedRun())
            spent = 1000 * (time.process_time() - before)
            if turn >= _WARM_UP:
                times.append(spent * _WORDS / result.word_count)
    median = statistics.median(times)
    memory = _resident_mb()
    return Report(
        "Embedded writing grader, one core",
        {
            "essays": len(times),
            f"ms_per_{_WORDS}_words_p50": round(median, 1),
            f"ms_per_{_WORDS}_words_p90": round(statistics.quantiles(times, n=10)[8], 1),
            "load_s": round(loading, 2),
            "resident_mb": round(memory, 1),
        },
        (
            Aim("grade_ms", round(median, 1), 200, Bound.AT_MOST, "ms"),
            Aim("grade_mb", round(memory, 1), 700, Bound.AT_MOST, "MB"),
        ),
    )


def _changed(text: str, turn: int) -> str:
    """``text`` with other years and places: harper keeps what it has seen."""
    names = ("Hue", "Vinh", "Hanoi", "Oslo", "Lyon", "Turin", "Porto", "Quito")
    place = names[turn % len(names)]
    return text.replace(". ", f" in {place} {turn + 2}. ").replace(", ", f" {turn + 3}, ", 4)


def _resident_mb() -> float:
    """Resident memory of this process now."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    run(measure, __doc__)
