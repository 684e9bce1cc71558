"""The graders of a worker, by skill; each is loaded when it is first needed."""

from collections.abc import Callable, Iterable

from grading.domain.result import Outcome
from grading.domain.work import Skill, Work, WritingWork
from workers.grader import Run, SpeakingGrader, WritingGrader
from workers.once import Once


class SkillGraders:
    """Hands work to the grader of its skill; a Grader. Safe to be used by many threads."""

    def __init__(
        self,
        load_writing: Callable[[], WritingGrader],
        load_speaking: Callable[[], SpeakingGrader],
    ) -> None:
        self._writing = Once(load_writing)
        self._speaking = Once(load_speaking)

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
