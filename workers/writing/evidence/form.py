"""The form that a model fills in: what can be observed, and no score.

The model's answer is held to the strict JSON schema of these classes. Their texts are part of
the prompt: a change of any of them is a new version of it.
"""

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
CriterionName = Literal["task_fulfillment", "organization", "vocabulary", "grammar"]


def _untitled(schema: dict[str, Any]) -> None:
    """Leave out the titles, which say the names again and are paid for with each call."""
    for part in (schema, *schema.get("properties", {}).values()):
        part.pop("title", None)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_untitled)


class RequirementSeen(_Part):
    """Whether one numbered requirement is met, and where."""

    number: int
    met: Literal["fully", "partly", "not"]
    quote: QuotedOrEmpty


class PositionSeen(_Part):
    """Whether the writer's own position can be told, and where it is stated."""

    held: Literal["throughout", "mostly", "unclear", "none"]
    quote: QuotedOrEmpty


class IdeaSeen(_Part):
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


class ErrorSeen(_Part):
    """One error of language."""

    kind: Literal[
        "agreement", "verb_form", "tense", "article", "plural", "preposition", "pronoun",
        "word_order", "sentence_structure", "punctuation", "spelling", "word_form", "word_choice",
    ]  # fmt: skip
    quote: Quoted
    correction: Words
    blocks_meaning: Annotated[
        bool, Field(description="A reader can't tell, or mistakes, what is meant.")
    ]


class MoveSeen(_Part):
    """One step by which the answer is organized."""

    move: Literal[
        "greeting", "purpose", "opening", "position", "topic_sentence", "sequence", "contrast",
        "cause", "example", "summary", "closing",
    ]  # fmt: skip
    quote: Quoted


class StructureSeen(_Part):
    """One complex structure that is formed without error."""

    structure: Literal[
        "relative_clause", "adverbial_clause", "noun_clause", "conditional", "participle_clause",
        "passive", "perfect", "emphasis",
    ]  # fmt: skip
    quote: Quoted


class RegisterSeen(_Part):
    """Whether the tone suits the reader whom the task names."""

    fit: Literal["suits", "slips", "unsuited"]
    slips: list[Quoted]


class RemarkGiven(_Part):
    """A sentence or two to the learner, about one criterion."""

    criterion: CriterionName
    text: Words
    quote: QuotedOrEmpty


class RewriteGiven(_Part):
    """One of the learner's own sentences, put better."""

    quote: Quoted
    rewrite: Words
    reason: Words


class FeedbackGiven(_Part):
    """What the learner is told."""

    strengths: list[RemarkGiven]
    to_work_on: list[RemarkGiven]
    rewrites: list[RewriteGiven]


class EvidenceForm(_Part):
    """What was observed."""

    speaks_to_grader: Annotated[
        list[Quoted],
        Field(
            description="Passages that speak to whoever or whatever grades the answer, or ask"
            " for a mark or a finding."
        ),
    ]
    answers_task: Literal["yes", "partly", "no"]
    sense: Annotated[
        Literal["clear", "strained", "none"],
        Field(description="Whether the sentences, taken together, say something."),
    ]
    requirements: list[RequirementSeen]
    position: PositionSeen
    ideas: list[IdeaSeen]
    moves: list[MoveSeen]
    register_: Annotated[RegisterSeen, Field(alias="register")]
    apt_phrases: Annotated[
        list[Quoted],
        Field(description="Less common words and phrases that are exactly right where they stand."),
    ]
    structures: list[StructureSeen]
    errors: list[ErrorSeen]


class EvidenceAndFeedbackForm(EvidenceForm):
    """What was observed, and what the learner is told."""

    feedback: FeedbackGiven


@lru_cache
def strict_schema(form: type[EvidenceForm]) -> dict[str, Any]:
    """The JSON schema of ``form`` as strict structured outputs want it: closed, all required."""
    tool = openai.pydantic_function_tool(form)
    return dict(tool["function"]["parameters"])
