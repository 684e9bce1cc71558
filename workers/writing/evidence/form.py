"""The form that a model fills in about a written answer.

Its texts are part of the prompt: a change of any of them is a new version of it.
"""

from typing import Annotated, Literal

from pydantic import Field

from workers.evidence import parts
from workers.evidence.parts import (
    Form,
    IdeaSeen,
    Part,
    Quoted,
    QuotedOrEmpty,
    RequirementSeen,
    StructureSeen,
)

CriterionName = Literal["task_fulfillment", "organization", "vocabulary", "grammar"]


class PositionSeen(Part):
    """Whether the writer's own position can be told, and where it is stated."""

    held: Literal["throughout", "mostly", "unclear", "none"]
    quote: QuotedOrEmpty


class ErrorSeen(parts.ErrorSeen):
    """One error of language."""

    kind: Literal[
        "agreement", "verb_form", "tense", "article", "plural", "preposition", "pronoun",
        "word_order", "sentence_structure", "punctuation", "spelling", "word_form", "word_choice",
    ]  # fmt: skip
    blocks_meaning: Annotated[
        bool, Field(description="A reader can't tell, or mistakes, what is meant.")
    ]


class MoveSeen(parts.MoveSeen):
    """One step by which the answer is organized."""

    move: Literal[
        "greeting", "purpose", "opening", "position", "topic_sentence", "sequence", "contrast",
        "cause", "example", "summary", "closing",
    ]  # fmt: skip


class RegisterSeen(Part):
    """Whether the tone suits the reader whom the task names."""

    fit: Literal["suits", "slips", "unsuited"]
    slips: list[Quoted]


class RemarkGiven(parts.RemarkGiven):
    """A sentence or two to the learner, about one criterion."""

    criterion: CriterionName


class FeedbackGiven(parts.FeedbackGiven):
    """What the learner is told."""

    strengths: list[RemarkGiven]
    to_work_on: list[RemarkGiven]


class EvidenceForm(Form):
    """What was observed."""

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
