"""What the points rules of a rubric make of an answer, before anything is taken off."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from grading.domain.criterion import Criterion
from grading.domain.score import HIGHEST, LOWEST
from grading.domain.work import Unit
from grading.rubric.observation import Observation
from grading.rubric.rubric import CriterionRule, PointsRule, Rubric, Scorer, ScorerRule

#: The scorers of the embedded grader.
FEATURES_ALONE = frozenset({Scorer.FEATURES})

CriterionScores = Mapping[Criterion, Decimal]


@dataclass(frozen=True, slots=True)
class JointScore:
    """Criterion scores of several scorers."""

    #: What each makes of the criteria that it takes part in.
    by_scorer: Mapping[Scorer, CriterionScores]
    #: Of each criterion; they add up to 1.
    shares: Mapping[Criterion, Mapping[Scorer, Decimal]]
    #: The scorers' mean by their shares.
    together: CriterionScores


def measured(rubric: Rubric, seen: Mapping[str, Observation]) -> tuple[CriterionRule, ...]:
    """The criteria that something which was observed speaks of."""
    return tuple(
        rule for rule in rubric.criteria if not rule.needs or not rule.needs.isdisjoint(seen)
    )


def score_by_points(
    rubric: Rubric, scorer: ScorerRule, task: Unit, seen: Mapping[str, Observation]
) -> CriterionScores:
    """A scorer's start and points for each criterion, kept on the scale: not rounded."""
    scores = {}
    for criterion, start in scorer.starts.items():
        points = (
            rule.curve.points(seen[rule.kind].value)
            for rule in rules_for(rubric, scorer.scorer, criterion, task, seen)
        )
        scores[criterion] = min(HIGHEST, max(LOWEST, sum(points, start)))
    return scores


def rules_for(
    rubric: Rubric,
    scorer: Scorer,
    criterion: Criterion,
    task: Unit,
    seen: Mapping[str, Observation],
) -> Iterator[PointsRule]:
    """The rules by which ``scorer`` gives points for a criterion, of kinds that were observed."""
    for held in rubric.rules:
        if (
            held.scorer is scorer
            and held.criterion is criterion
            and task in held.tasks
            and held.kind in seen
        ):
            yield held


def score_jointly(
    rubric: Rubric,
    task: Unit,
    seen: Mapping[str, Observation],
    scorers: frozenset[Scorer],
) -> JointScore:
    """What ``scorers`` make of the measured criteria, each by itself and together.

    A criterion that none of them scores is left to those that do: what a model reads tells
    nothing of how an answer sounds.

    Raises:
        ValueError: the rubric has none of the scorers.
    """
    if not any(rule.scorer in scorers for rule in rubric.scorers):
        raise ValueError(f"none of the scorers of {rubric.version} takes part")
    shares = {
        rule.criterion: _shares(rubric, rule.criterion, scorers) for rule in measured(rubric, seen)
    }
    by_scorer = {
        rule.scorer: {
            criterion: score
            for criterion, score in score_by_points(rubric, rule, task, seen).items()
            if rule.scorer in shares.get(criterion, ())
        }
        for rule in rubric.scorers
    }
    together = {
        criterion: sum(
            (by_scorer[name][criterion] * share for name, share in parts.items()), LOWEST
        )
        for criterion, parts in shares.items()
    }
    return JointScore(
        {name: scores for name, scores in by_scorer.items() if scores}, shares, together
    )


def _shares(
    rubric: Rubric, criterion: Criterion, scorers: frozenset[Scorer]
) -> Mapping[Scorer, Decimal]:
    able = [rule for rule in rubric.scorers if criterion in rule.starts]
    rules = [rule for rule in able if rule.scorer in scorers] or able
    whole = sum((rule.weight for rule in rules), LOWEST)
    return {rule.scorer: rule.weight / whole for rule in rules}


def is_disputed(rubric: Rubric, joint: JointScore) -> bool:
    """Whether features and evidence are further apart than the rubric lets pass."""
    features, evidence = (
        compared_score(rubric, joint.by_scorer.get(name, {}))
        for name in (Scorer.FEATURES, Scorer.EVIDENCE)
    )
    if rubric.dispute is None or features is None or evidence is None:
        return False
    return abs(evidence - features) > rubric.dispute.points(float(evidence))


def compared_score(rubric: Rubric, scores: CriterionScores) -> Decimal | None:
    """The mean of the criteria that all scorers of the rubric know; None where ``scores`` has none.

    By these alone can scorers be compared.
    """
    known = {name: scores[name] for name in scores if all(name in s.starts for s in rubric.scorers)}
    return unit_score(rubric, known) if known else None


def kinds_of(rubric: Rubric, scorer: Scorer) -> frozenset[str]:
    """The kinds of observation by which ``scorer`` gives points."""
    return frozenset(rule.kind for rule in rubric.rules if rule.scorer is scorer)


def unit_score(rubric: Rubric, scores: CriterionScores) -> Decimal:
    """The weighted mean of criterion scores, not rounded, without caps."""
    rules = [rule for rule in rubric.criteria if rule.criterion in scores]
    shares = criterion_shares(rules)
    return sum((scores[rule.criterion] * shares[rule.criterion] for rule in rules), LOWEST)


def criterion_shares(rules: Collection[CriterionRule]) -> Mapping[Criterion, Decimal]:
    """The shares of criteria: their weights, which those that are absent share out."""
    whole = sum((rule.weight for rule in rules), LOWEST)
    # A weight divided by 1 would be written with other digits.
    return {rule.criterion: rule.weight if whole == 1 else rule.weight / whole for rule in rules}
