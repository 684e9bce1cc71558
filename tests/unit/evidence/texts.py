"""Answers to ask about."""

from grading.domain.feedback import FeedbackLanguage
from grading.domain.work import Prompt, WritingTask, WritingWork
from workers.writing.own_text import OwnText, read_own_text

ESSAY = (
    "Some people “love” big cities because there is more work. However, the air is bad and "
    "the rents are high.\n\nI think that small towns offers a better life, although they are "
    "quiet. There is more work for people who can use a computer."
)
REQUIREMENTS = ("Say what is good about cities", "Give your own view")


def work_of(
    text: str = ESSAY,
    task: WritingTask = WritingTask.ESSAY,
    language: FeedbackLanguage = FeedbackLanguage.ENGLISH,
) -> WritingWork:
    """An answer to a task about cities."""
    return WritingWork(task, text, Prompt("Cities or small towns?", REQUIREMENTS), language)


def own_text(text: str = ESSAY, task: WritingTask = WritingTask.ESSAY) -> OwnText:
    """What a model is shown of it."""
    return read_own_text(work_of(text, task))
