"""The form that a model fills in about the transcript of a spoken answer.

It has no place for how anything sounded. Its texts are part of the prompt: a change of any of
them is a new version of it.
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

CriterionName = Literal["discourse_management", "vocabulary", "grammar"]


class StanceSeen(Part):
    """Whether the speaker's choice or view can be told, and what is said for it."""

    held: Literal["throughout", "mostly", "unclear", "none"]
    quote: QuotedOrEmpty
    reasons: list[Quoted]
    against_others: list[Quoted]


class ErrorSeen(parts.ErrorSeen):
    """One error of grammar or of the choice of words."""

    kind: Literal[
        "agreement", "verb_form", "tense", "article", "plural", "preposition", "pronoun",
        "word_order", "sentence_structure", "word_form", "word_choice",
    ]  # fmt: skip
    blocks_meaning: Annotated[
        bool, Field(description="A listener can't tell, or mistakes, what is meant.")
    ]


class MoveSeen(parts.MoveSeen):
    """One step by which the answer is organized."""

    move: Literal[
        "opening", "direct_answer", "choice", "new_point", "sequence", "contrast", "cause",
        "example", "result", "clarification", "summary", "closing",
    ]  # fmt: skip


class RemarkGiven(parts.RemarkGiven):
    """A sentence or two to the learner, about one criterion."""

    criterion: CriterionName


class FeedbackGiven(parts.FeedbackGiven):
    """What the learner is told."""

    strengths: list[RemarkGiven]
    to_work_on: list[RemarkGiven]


class SpokenEvidenceForm(Form):
    """What was observed."""

    answers_task: Literal["yes", "partly", "no"]
    coherence: Annotated[
        Literal["clear", "strained", "none"],
        Field(description="Whether a listener can follow from one point to the next."),
    ]
    requirements: list[RequirementSeen]
    stance: StanceSeen
    ideas: list[IdeaSeen]
    moves: list[MoveSeen]
    apt_phrases: Annotated[
        list[Quoted],
        Field(description="Less common words and phrases that are exactly right where they stand."),
    ]
    structures: list[StructureSeen]
    errors: list[ErrorSeen]


class SpokenEvidenceAndFeedbackForm(SpokenEvidenceForm):
    """What was observed, and what the learner is told."""

    feedback: FeedbackGiven
