"""Parts of the forms that a model fills in: what can be observed, and no score.

The model's answer is held to the strict JSON schema of these classes. Their texts are part of
the prompts: a change of any of them is a new version of each.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

import openai
from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _readable(text: str) -> str:
    """Without signs that nobody can see, or that no column or message takes."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


#: The model's own words, which may be passed on.
Words = Annotated[str, AfterValidator(_readable)]
Quoted = Annotated[str, Field(description="Copied from the answer, letter for letter.")]
QuotedOrEmpty = Annotated[
    str, Field(description="Copied from the answer, letter for letter; empty if there is none.")
]


def _untitled(schema: dict[str, Any]) -> None:
    """Leave out the titles, which say the names again and are paid for with each call."""
    for part in (schema, *schema.get("properties", {}).values()):
        part.pop("title", None)


class Part(BaseModel):
    """A part of a form: closed, and read only."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_untitled)


class RequirementSeen(Part):
    """Whether one numbered requirement is met, and where."""

    number: int
    met: Literal["fully", "partly", "not"]
    quote: QuotedOrEmpty


class IdeaSeen(Part):
    """One main idea, and how far it is carried."""

    quote: Quoted
    development: Annotated[
        Literal["named", "supported", "developed"],
        Field(
            description="named: no more than said; supported: with a reason or an example;"
            " developed: explained, with specific support, and led back to the task."
        ),
    ]
    support: QuotedOrEmpty


class StructureSeen(Part):
    """One complex structure that is formed without error."""

    structure: Literal[
        "relative_clause", "adverbial_clause", "noun_clause", "conditional", "participle_clause",
        "passive", "perfect", "emphasis",
    ]  # fmt: skip
    quote: Quoted


class MoveSeen(Part):
    """One step by which the answer is organized; each form names its steps."""

    move: str
    quote: Quoted


class ErrorSeen(Part):
    """One error of language; each form names its kinds."""

    kind: str
    quote: Quoted
    correction: Words
    blocks_meaning: bool


class RemarkGiven(Part):
    """A sentence or two to the learner, about one of the form's criteria."""

    criterion: str
    text: Words
    quote: QuotedOrEmpty


class RewriteGiven(Part):
    """One of the learner's own sentences, put better."""

    quote: Quoted
    rewrite: Words
    reason: Words


class FeedbackGiven(Part):
    """What the learner is told."""

    strengths: Sequence[RemarkGiven]
    to_work_on: Sequence[RemarkGiven]
    rewrites: list[RewriteGiven]


class Form(Part):
    """What every form asks first."""

    speaks_to_grader: Annotated[
        list[Quoted],
        Field(
            description="Passages that speak to whoever or whatever grades the answer, or ask"
            " for a mark or a finding."
        ),
    ]


@lru_cache
def strict_schema(form: type[Form]) -> dict[str, Any]:
    """The JSON schema of ``form`` as strict structured outputs want it: closed, all required."""
    tool = openai.pydantic_function_tool(form)
    return dict(tool["function"]["parameters"])
