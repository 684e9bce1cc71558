"""``vstep-grading review``: what examiners do with the results that are held for them."""

import sys
from enum import StrEnum
from itertools import islice
from typing import Annotated

import typer

from client.cli.documents import write_document, write_list
from client.cli.marking import Left, ask_marks, scores_given, typed_line
from client.cli.parameters import JobArgument, Json, SkillName
from client.cli.review_report import print_review, print_reviews, review_line
from client.cli.session import Session
from client.cli.terminal import note, remarks, results, say
from client.errors import CallRefused
from client.review_client import ReviewClient
from vstep.grading.v1.job_pb2 import ReviewPriority, Skill
from vstep.grading.v1.review_service_pb2 import (
    REVIEW_STATE_DONE,
    REVIEW_STATE_OPEN,
    ReviewState,
    SubmitReviewResponse,
)

reviews = typer.Typer(
    help="For examiners: lists, claims, shows and marks the results that are held back.",
    rich_markup_mode=None,
)

REVIEWER_VARIABLE = "VSTEP_GRADING_REVIEWER"
#: Why a review that was just listed may not be had: somebody was faster.
_TAKEN = frozenset(
    {
        "ERROR_REASON_REVIEW_CLAIMED",
        "ERROR_REASON_REVIEW_NOT_WAITING",
        "ERROR_REASON_REVIEW_ALREADY_MARKED",
        "ERROR_REASON_JOB_NOT_FOUND",
    }
)

ReviewerOption = Annotated[
    str, typer.Option("--reviewer", envvar=REVIEWER_VARIABLE, help="The examiner's name.")
]


class PriorityName(StrEnum):
    """The priorities of the contract, as they are typed."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"


class ReviewStateName(StrEnum):
    """The states of the contract, as they are typed."""

    OPEN = "open"
    CLAIMED = "claimed"
    DONE = "done"


@reviews.command("list")
def show_queue(
    context: typer.Context,
    skill: Annotated[SkillName | None, typer.Option(help="Only reviews of this skill.")] = None,
    priority: Annotated[PriorityName | None, typer.Option(help="Only of this priority.")] = None,
    state: Annotated[
        ReviewStateName | None, typer.Option(help="Only in this state; by default all that wait.")
    ] = None,
    mine: Annotated[
        bool, typer.Option("--mine", help="Only those that the reviewer holds.")
    ] = False,
    reviewer: Annotated[
        str,
        typer.Option(
            envvar=REVIEWER_VARIABLE, help="Leave out what this examiner has marked already."
        ),
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many reviews at the most.")] = 20,
    as_json: Json = False,
) -> None:
    """List reviews: what waits by priority and age, what is done newest first."""
    session: Session = context.obj
    if mine and not reviewer:
        raise typer.BadParameter("needs --reviewer", param_hint="'--mine'")
    with session.reviews() as client:
        found = client.list(
            skill=_skill(skill),
            priority=ReviewPriority.Value(f"REVIEW_PRIORITY_{priority.name}")
            if priority
            else ReviewPriority.REVIEW_PRIORITY_UNSPECIFIED,
            state=ReviewState.Value(f"REVIEW_STATE_{state.name}")
            if state
            else ReviewState.REVIEW_STATE_UNSPECIFIED,
            claimed_by=reviewer if mine else "",
            reviewer_id="" if mine else reviewer,
            page_size=min(limit, 1000),
        )
        shown = list(islice(found, limit))
    if as_json:
        write_list("reviews", shown)
    else:
        print_reviews(results(), shown)


@reviews.command("claim")
def claim(
    context: typer.Context, job: JobArgument, reviewer: ReviewerOption, as_json: Json = False
) -> None:
    """Take a review, or hold it for longer."""
    session: Session = context.obj
    with session.reviews() as client:
        answer = client.claim(str(job), reviewer_id=reviewer)
    if as_json:
        write_document(answer)
    else:
        say(review_line(answer.review))


@reviews.command("show")
def show(context: typer.Context, job: JobArgument, as_json: Json = False) -> None:
    """Show the task, the answer with the machine's evidence marked in it, and its scores."""
    session: Session = context.obj
    with session.reviews() as client:
        file = client.get(str(job))
    if as_json:
        write_document(file)
    else:
        print_review(results(), file)


@reviews.command("release")
def release(
    context: typer.Context, job: JobArgument, reviewer: ReviewerOption, as_json: Json = False
) -> None:
    """Give a review back."""
    session: Session = context.obj
    with session.reviews() as client:
        review = client.release(str(job), reviewer_id=reviewer)
    if as_json:
        write_document(review)
    else:
        say(review_line(review))


@reviews.command("submit")
def submit(
    context: typer.Context,
    job: JobArgument,
    reviewer: ReviewerOption,
    score: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CRITERION=SCORE", help="A score for each criterion; asked for by default."
        ),
    ] = None,
    comment: Annotated[str, typer.Option(help="What other examiners should know.")] = "",
    as_json: Json = False,
) -> None:
    """Claim a review, or renew the claim, and hand marks in."""
    session: Session = context.obj
    if not score:
        _needs_somebody("'--score'")
    with session.reviews() as client:
        review = client.claim(str(job), reviewer_id=reviewer).review
        if score:
            scores = scores_given(score, review.skill)
        else:
            print_review(remarks() if as_json else results(), client.get(str(job)))
            try:
                scores, comment = ask_marks(remarks(), review.skill, typed_line)
            except Left:
                client.release(str(job), reviewer_id=reviewer)
                note("nothing was handed in, and the review was given back")
                raise typer.Exit(1) from None
            # Marking may have taken longer than a claim lasts.
            review = client.claim(str(job), reviewer_id=reviewer).review
        answer = client.submit(
            str(job), scores, reviewer_id=reviewer, claim=review.claim, comment=comment
        )
    if as_json:
        write_document(answer)
    else:
        _tell(answer)


@reviews.command("session")
def hold_session(
    context: typer.Context,
    reviewer: ReviewerOption,
    skill: Annotated[SkillName | None, typer.Option(help="Only reviews of this skill.")] = None,
) -> None:
    """Mark one answer after the other, most urgent first, until there are no more or you leave."""
    session: Session = context.obj
    _needs_somebody("'review session'")
    console, done = results(), 0
    with session.reviews() as client:
        while (job := _next(client, reviewer, skill)) is not None:
            file = client.get(job)
            print_review(console, file)
            try:
                scores, comment = ask_marks(remarks(), file.review.skill, typed_line)
            except Left:
                client.release(job, reviewer_id=reviewer)
                note(f"the review was given back; {done} marked")
                return
            # Marking may have taken longer than a claim lasts.
            held = client.claim(job, reviewer_id=reviewer).review
            _tell(
                client.submit(job, scores, reviewer_id=reviewer, claim=held.claim, comment=comment)
            )
            done += 1
    say(f"no review waits for {reviewer}; {done} marked")


def _next(client: ReviewClient, reviewer: str, skill: SkillName | None) -> str | None:
    """Claim the most urgent review that can be had; one that the examiner holds goes first."""
    for mine in (True, False):
        found = client.list(
            skill=_skill(skill),
            state=ReviewState.REVIEW_STATE_UNSPECIFIED if mine else REVIEW_STATE_OPEN,
            claimed_by=reviewer if mine else "",
            reviewer_id=reviewer,
        )
        for review in found:
            try:
                return client.claim(review.job_id, reviewer_id=reviewer).review.job_id
            except CallRefused as refused:
                if refused.reason not in _TAKEN:
                    raise
    return None


def _tell(answer: SubmitReviewResponse) -> None:
    say(review_line(answer.review))
    if answer.review.state == REVIEW_STATE_DONE:
        say(f"given out: {answer.result.score:.1f}")


def _skill(skill: SkillName | None) -> Skill.ValueType:
    return Skill.Value(f"SKILL_{skill.name}") if skill else Skill.SKILL_UNSPECIFIED


def _needs_somebody(hint: str) -> None:
    if not sys.stdin.isatty():
        raise typer.BadParameter("stdin is no terminal to ask on", param_hint=hint)
