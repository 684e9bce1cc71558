"""Scores from observations, by the rules of one rubric version. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from grading.domain.confidence import Confidence
from grading.domain.criterion import Criterion
from grading.domain.feedback import Feedback
from grading.domain.result import (
    Cap,
    CriterionScore,
    Evidence,
    Flag,
    GradingResult,
    Impact,
    Provenance,
)
from grading.domain.score import LOWEST, Band, band_of, round_score
from grading.domain.work import Unit
from grading.rubric.calibration import Calibration
from grading.rubric.confidence import weigh_confidence
from grading.rubric.observation import QUOTES_SHOWN, Observation
from grading.rubric.points import (
    FEATURES_ALONE,
    JointScore,
    compared_score,
    criterion_shares,
    is_disputed,
    kinds_of,
    measured,
    rules_for,
    score_by_points,
    score_jointly,
)
from grading.rubric.rubric import (
    CriterionRule,
    FlagRule,
    PointsRule,
    ProportionRule,
    Rubric,
    Scorer,
)

#: Evidence that moves a criterion by less than this is shown as neutral.
_NOTICEABLE = Decimal("0.05")
_CENT = Decimal("0.01")
#: The kind of the evidence that tells what a calibration did to a criterion.
CALIBRATION_KIND = "calibration"
#: The kind of the observation that tells how far apart independent scorers are.
SPREAD_KIND = "scorer_spread"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules of a rubric make of an answer."""

    score: Decimal
    exact_score: Decimal
    band: Band
    criteria: tuple[CriterionScore, ...]
    caps: tuple[Cap, ...]
    flags: tuple[Flag, ...]
    word_count: int
    confidence: Confidence | None
    #: Criteria that could not be measured.
    absent: tuple[Criterion, ...] = ()

    def result(self, provenance: Provenance, feedback: Feedback | None = None) -> GradingResult:
        """The graded unit, once it is known which versions made it."""
        return GradingResult(
            score=self.score,
            exact_score=self.exact_score,
            band=self.band,
            criteria=self.criteria,
            caps=self.caps,
            flags=self.flags,
            word_count=self.word_count,
            provenance=provenance,
            confidence=self.confidence,
            feedback=feedback,
            absent=self.absent,
        )


def judge(
    rubric: Rubric,
    task: Unit,
    observations: Sequence[Observation],
    calibration: Calibration | None = None,
    scorers: frozenset[Scorer] = FEATURES_ALONE,
    second_evidence: Sequence[Observation] = (),
) -> Verdict:
    """Score an answer to ``task`` from what was observed about it.

    Each of ``scorers`` scores the criteria that it knows by itself; together they make the
    rubric's own scores. A ``calibration`` moves those; proportions, caps and flags hold as
    without it. How far the scorers are apart is observed as ``scorer_spread``; there a second
    model's evidence counts as a scorer too, and nowhere else. Where features and evidence are
    too far apart for both to be right, the features score alone, and SCORERS_DISAGREE says so.
    A criterion of which nothing was measured is absent, and its share is with the others.

    Raises:
        ValueError: two observations are of one kind, no scorer takes part, or there is
            nothing that a criterion needs.
    """
    seen = {observation.kind: observation for observation in observations}
    if len(seen) != len(observations):
        raise ValueError("each kind may be observed once")
    joint = score_jointly(rubric, task, seen, scorers)
    spread = _spread(rubric, task, joint, second_evidence)
    if spread is not None:
        seen[SPREAD_KIND] = Observation(SPREAD_KIND, spread)
    flags = [rule.flag for rule in rubric.flags if _raised(rule, seen)]
    values = {kind: observation.value for kind, observation in seen.items()}
    if is_disputed(rubric, joint):
        # A model that was talked round looks like this, and so does one that saw right where
        # the measuring went wrong: which of them it is, a person must tell.
        joint = score_jointly(rubric, task, seen, FEATURES_ALONE)
        # Nor may a calibration's curves give it by the back door.
        claimed = kinds_of(rubric, Scorer.EVIDENCE)
        values = {kind: value for kind, value in values.items() if kind not in claimed}
        flags.append(Flag.SCORERS_DISAGREE)
    own = joint.together
    calibrated: Mapping[Criterion, Decimal] = own
    if calibration is not None:
        calibrated = calibration.calibrate(rubric, task, values, own)
    rules = measured(rubric, seen)
    if not rules:
        raise ValueError("nothing that a criterion needs was observed")
    shares = criterion_shares(rules)
    criteria = tuple(
        replace(
            _score(rubric, rule, task, seen, joint, calibrated[rule.criterion]),
            weight=shares[rule.criterion],
        )
        for rule in rules
    )
    caps = _caps(rubric, task, seen)
    mean = sum((entry.score * entry.weight for entry in criteria), LOWEST)
    exact = min([mean, *(cap.limit for cap in caps)])
    score = round_score(exact)
    words = seen.get(rubric.word_count_kind)
    return Verdict(
        score=score,
        exact_score=exact,
        band=band_of(score),
        criteria=criteria,
        caps=caps,
        flags=tuple(dict.fromkeys(flags)),
        word_count=int(words.value) if words else 0,
        confidence=weigh_confidence(rubric, task, seen),
        absent=tuple(rule.criterion for rule in rubric.criteria if rule not in rules),
    )


def _spread(
    rubric: Rubric, task: Unit, joint: JointScore, second_evidence: Sequence[Observation]
) -> float | None:
    """Highest less lowest score of the scorers that can be compared; None for fewer than two."""
    heard = list(joint.by_scorer.values())
    if second_evidence:
        second = {item.kind: item for item in second_evidence}
        heard += [
            score_by_points(rubric, rule, task, second)
            for rule in rubric.scorers
            if rule.scorer is Scorer.EVIDENCE
        ]
    compared = [compared_score(rubric, scores) for scores in heard]
    units = [score for score in compared if score is not None]
    return float((max(units) - min(units)).quantize(_CENT)) if len(units) > 1 else None


def _score(
    rubric: Rubric,
    rule: CriterionRule,
    task: Unit,
    seen: Mapping[str, Observation],
    joint: JointScore,
    exact: Decimal,
) -> CriterionScore:
    evidence = [
        _evidence(held, seen[held.kind], share)
        for scorer, share in joint.shares[rule.criterion].items()
        for held in rules_for(rubric, scorer, rule.criterion, task, seen)
    ]
    own = joint.together[rule.criterion]
    if exact != own:
        evidence.append(_calibration_evidence(own, exact))
    for proportion in rubric.proportions:
        if rule.criterion in proportion.criteria and task in proportion.tasks:
            exact = _fall(exact, proportion, seen, evidence)
    evidence.extend(
        _flagged(flag, seen)
        for flag in rubric.flags
        if flag.criterion is rule.criterion and _raised(flag, seen)
    )
    score = round_score(exact)
    band = band_of(score)
    return CriterionScore(
        criterion=rule.criterion,
        score=score,
        weight=rule.weight,
        band=band,
        descriptor=rule.descriptors[band],
        evidence=tuple(sorted(evidence, key=_strength)),
    )


def _strength(item: Evidence) -> tuple[float, str]:
    return (-abs(item.points or 0.0), item.kind)


def _evidence(rule: PointsRule, observation: Observation, share: Decimal) -> Evidence:
    points = rule.curve.points(observation.value) * share
    if abs(points) < _NOTICEABLE:
        impact = Impact.NEUTRAL
    else:
        impact = Impact.RAISES if points > 0 else Impact.LOWERS
    template = rule.lowers if points < 0 else rule.raises
    return Evidence(
        kind=rule.kind,
        message=template.format(value=observation.value, **observation.details),
        impact=impact,
        value=observation.value,
        points=float(points),
        quotes=observation.quotes[:QUOTES_SHOWN],
        moments=observation.moments[:QUOTES_SHOWN],
    )


def _calibration_evidence(own: Decimal, calibrated: Decimal) -> Evidence:
    moved = (calibrated - own).quantize(_CENT)
    if abs(moved) < _NOTICEABLE:
        impact = Impact.NEUTRAL
    else:
        impact = Impact.RAISES if moved > 0 else Impact.LOWERS
    return Evidence(
        kind=CALIBRATION_KIND,
        message=f"Examiners' marks of other answers move this score by {moved:+.2f}.",
        impact=impact,
        points=float(moved),
    )


def _fall(
    exact: Decimal,
    rule: ProportionRule,
    seen: Mapping[str, Observation],
    evidence: list[Evidence],
) -> Decimal:
    observation = seen.get(rule.kind)
    if observation is None:
        return exact
    value = max(Decimal(0), Decimal(repr(observation.value)))
    if value >= rule.least:
        return exact
    fallen = (exact * value / rule.least).quantize(_CENT)
    evidence.append(
        Evidence(
            kind=f"{rule.kind}_shortfall",
            message=rule.message.format(
                value=observation.value, least=rule.least, **observation.details
            ),
            impact=Impact.LOWERS if fallen < exact else Impact.NEUTRAL,
            value=observation.value,
            points=float(fallen - exact),
        )
    )
    return fallen


def _caps(rubric: Rubric, task: Unit, seen: Mapping[str, Observation]) -> tuple[Cap, ...]:
    caps: dict[str, Cap] = {}
    values = {kind: observation.value for kind, observation in seen.items()}
    for rule in rubric.caps:
        met = all(
            condition.kind in values and condition.holds(values[condition.kind])
            for condition in rule.when
        )
        if task not in rule.tasks or not met:
            continue
        first = seen[rule.when[0].kind]
        message = rule.message.format(
            **{**values, **first.details, "value": first.value},
            minimum=rubric.minimum_words[task],
        )
        # Several rules may name one reason; the first that fires speaks for it.
        caps.setdefault(rule.reason, Cap(rule.reason, rule.limit, message))
    return tuple(sorted(caps.values(), key=lambda cap: (cap.limit, cap.reason)))


def _raised(rule: FlagRule, seen: Mapping[str, Observation]) -> bool:
    observation = seen.get(rule.when.kind)
    return observation is not None and rule.when.holds(observation.value)


def _flagged(rule: FlagRule, seen: Mapping[str, Observation]) -> Evidence:
    observation = seen[rule.when.kind]
    return Evidence(
        kind=observation.kind,
        message=rule.message.format(value=observation.value, **observation.details),
        impact=Impact.NEUTRAL,
        value=observation.value,
        quotes=observation.quotes[:QUOTES_SHOWN],
        moments=observation.moments[:QUOTES_SHOWN],
    )


def kinds_used(rubric: Rubric) -> frozenset[str]:
    """Every kind of observation that some rule of ``rubric`` reads."""
    return frozenset(
        {rule.kind for rule in rubric.rules}
        | {rule.kind for rule in rubric.proportions}
        | {condition.kind for cap in rubric.caps for condition in cap.when}
        | {rule.when.kind for rule in rubric.flags}
        | {check.kind for rule in rubric.confidence for check in rule.checks}
        | {kind for rule in rubric.criteria for kind in rule.needs}
        | {rubric.word_count_kind}
    )
