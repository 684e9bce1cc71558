"""The graders of a worker, by skill; each is loaded when it is first needed."""

import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from grading.domain.result import Outcome
from grading.domain.work import Skill, Work, WritingWork
from workers.grader import Run, SpeakingGrader, WritingGrader

G = TypeVar("G")


class SkillGraders:
    """Hands work to the grader of its skill; a Grader. Safe to be used by many threads."""

    def __init__(
        self,
        load_writing: Callable[[], WritingGrader],
        load_speaking: Callable[[], SpeakingGrader],
    ) -> None:
        self._writing = _Once(load_writing)
        self._speaking = _Once(load_speaking)

    def load(self, skills: Iterable[Skill]) -> None:
        """Load the graders of ``skills`` before there is work for them; takes seconds."""
        for skill in skills:
            if skill is Skill.WRITING:
                self._writing.get()
            else:
                self._speaking.get()

    def grade(self, work: Work, run: Run) -> Outcome:
        """Grade ``work``; raises what the grader of its skill does."""
        if isinstance(work, WritingWork):
            return self._writing.get().grade(work, run)
        with run.recording() as file:
            return self._speaking.get().grade(work.with_file(file), run)


class _Once(Generic[G]):
    """Makes something when it is first asked for, whoever else asks meanwhile."""

    def __init__(self, make: Callable[[], G]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[G] = []

    def get(self) -> G:
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]
