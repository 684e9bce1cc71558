"""The prompt by which a model is asked for evidence."""

import re
import secrets
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from string import Template

from grading.domain.feedback import FeedbackLanguage
from grading.domain.work import WritingTask
from workers.providers.chat import ChatPrompt
from workers.writing.evidence.form import (
    EvidenceAndFeedbackForm,
    EvidenceForm,
    strict_schema,
)
from workers.writing.own_text import OwnText

_HEADING = re.compile(r"^# (\w+)\n", re.MULTILINE)
_KIND = {WritingTask.LETTER: "a letter or e-mail", WritingTask.ESSAY: "an essay"}
_LANGUAGE = {FeedbackLanguage.ENGLISH: "English", FeedbackLanguage.VIETNAMESE: "Vietnamese"}
#: Bytes of chance in the mark: nobody who writes an answer can guess it.
_MARK_BYTES = 8


@dataclass(frozen=True, slots=True)
class PromptFile:
    """One version of the prompt."""

    version: str
    #: What every call says.
    fixed: str
    #: What it says beside that where feedback is asked for.
    feedback: str
    #: What one answer adds.
    variable: Template


@lru_cache
def load_prompt(version: str) -> PromptFile:
    """The prompt of ``version``, such as ``evidence-1.0``.

    Raises:
        FileNotFoundError: there is no such version.
    """
    file = resources.files("workers.writing.evidence") / "prompts" / f"{version}.md"
    _, *parts = _HEADING.split(file.read_text(encoding="utf-8"))
    sections = {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}
    return PromptFile(
        version, sections["Fixed"], sections["Feedback"], Template(sections["Variable"])
    )


def make_mark(text: str) -> str:
    """A mark that ``text`` does not hold."""
    while (mark := secrets.token_hex(_MARK_BYTES)) in text:
        pass
    return mark


def ask_for_evidence(
    file: PromptFile, own: OwnText, minimum: int, language: FeedbackLanguage | None, mark: str
) -> ChatPrompt:
    """Ask about an answer; for feedback too where a ``language`` is given."""
    form = EvidenceForm if language is None else EvidenceAndFeedbackForm
    requirements = "\n".join(
        f"{number}. {text}" for number, text in enumerate(own.prompt.requirements, start=1)
    )
    return ChatPrompt(
        version=file.version,
        fixed=file.fixed if language is None else f"{file.fixed}\n\n{file.feedback}",
        variable=file.variable.substitute(
            task=int(own.task),
            kind=_KIND[own.task],
            minimum=minimum,
            prompt=own.prompt.text.strip(),
            requirements=requirements or "(none are listed)",
            language="(no feedback is asked for)" if language is None else _LANGUAGE[language],
            mark=mark,
            answer=own.text,
        ),
        form="evidence",
        schema=strict_schema(form),
    )
