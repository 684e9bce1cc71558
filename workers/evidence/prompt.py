"""The prompts by which models are asked for evidence."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from string import Template

from grading.domain.feedback import FeedbackLanguage
from workers.evidence.parts import Form, strict_schema
from workers.providers.chat import ChatPrompt

_HEADING = re.compile(r"^# (\w+)\n", re.MULTILINE)
_LANGUAGE = {FeedbackLanguage.ENGLISH: "English", FeedbackLanguage.VIETNAMESE: "Vietnamese"}
#: Bytes of chance in the mark: nobody who gives an answer can guess it.
_MARK_BYTES = 8


@dataclass(frozen=True, slots=True)
class PromptFile:
    """One version of a prompt."""

    version: str
    #: What every call says.
    fixed: str
    #: What it says beside that where feedback is asked for.
    feedback: str
    #: What one answer adds.
    variable: Template

    def about(
        self,
        form: type[Form],
        language: FeedbackLanguage | None,
        requirements: Sequence[str],
        **variables: str | int,
    ) -> ChatPrompt:
        """Ask for ``form``; feedback is a part of it where a ``language`` is given."""
        listed = "\n".join(f"{number}. {text}" for number, text in enumerate(requirements, start=1))
        return ChatPrompt(
            version=self.version,
            fixed=self.fixed if language is None else f"{self.fixed}\n\n{self.feedback}",
            variable=self.variable.substitute(
                requirements=listed or "(none are listed)",
                language="(no feedback is asked for)" if language is None else _LANGUAGE[language],
                **variables,
            ),
            form="evidence",
            schema=strict_schema(form),
        )


@lru_cache
def load_prompt(version: str) -> PromptFile:
    """The prompt of ``version``, such as ``evidence-1.0``.

    Raises:
        FileNotFoundError: there is no such version.
    """
    file = resources.files("workers.evidence") / "prompts" / f"{version}.md"
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
