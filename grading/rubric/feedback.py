"""What a learner is told, written from what a result rests on. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grading.domain.criterion import Criterion
from grading.domain.feedback import Feedback, FeedbackLanguage, Remark
from grading.domain.result import Cap, CriterionScore, Evidence, Impact
from grading.domain.score import HIGHEST
from grading.rubric.engine import Verdict
from grading.rubric.feedback_rules import FeedbackRules, KindTexts, Side
from grading.rubric.observation import QUOTES_SHOWN, Observation
from grading.rubric.phrase import fill

#: More than this a learner doesn't take in.
STRENGTHS_SHOWN, ADVICE_SHOWN = 2, 3


def write_feedback(
    rules: FeedbackRules,
    language: FeedbackLanguage,
    verdict: Verdict,
    observations: Sequence[Observation],
) -> Feedback:
    """Write to the learner from the evidence of ``verdict``; the same evidence, the same words.

    First to be worked on is what a cap stands for, then what lowered the score most;
    where nothing did, the weakest criterion. Where something raised the score there is
    a strength. Both leave out topics that a cap throws doubt on: well-spelt words that
    were copied are no strength of the writer. Flags are passed over: they move no score
    and are for the examiner.
    """
    pen = _Pen(rules, language, {item.kind: item for item in observations})
    pulls = _pulls(rules, verdict.criteria)
    work = [remark for cap in verdict.caps if (remark := pen.on_cap(cap))]
    doubted = {topic for cap in verdict.caps for topic in rules.caps[cap.reason].doubts}
    pen.topics |= doubted
    lowered = sorted(
        (pull for pull in pulls if pull.points < 0), key=lambda pull: (pull.points, pull.kind)
    )
    for pull in lowered:
        if len(work) < ADVICE_SHOWN and (remark := pen.on_pull(Side.ADVICE, pull)):
            work.append(remark)
    if not work:
        work = pen.on_weakest(verdict.criteria)
    raised = sorted(
        (pull for pull in pulls if pull.points > 0), key=lambda pull: (-pull.points, pull.kind)
    )
    strengths: list[Remark] = []
    for pull in raised:
        if len(strengths) < STRENGTHS_SHOWN and (remark := pen.on_pull(Side.STRENGTH, pull)):
            strengths.append(remark)
    if not strengths:
        strengths = pen.in_general(verdict.criteria, doubted)
    return Feedback(language, tuple(strengths), tuple(work[:ADVICE_SHOWN]))


@dataclass(frozen=True, slots=True)
class _Pull:
    """What all evidence on one topic did to all criteria together."""

    #: The criterion that ``evidence`` pulled.
    criterion: Criterion
    points: float
    #: Of the kind that pulled hardest that way: it speaks for the topic.
    evidence: Evidence

    @property
    def kind(self) -> str:
        return self.evidence.kind


def _pulls(rules: FeedbackRules, criteria: Sequence[CriterionScore]) -> list[_Pull]:
    by_topic: dict[str, list[tuple[float, Criterion, Evidence]]] = defaultdict(list)
    for score in criteria:
        for item in score.evidence:
            if item.impact is not Impact.NEUTRAL and item.points:
                texts = rules.kinds.get(item.kind)
                topic = item.kind if texts is None else texts.topic
                by_topic[topic].append((item.points, score.criterion, item))
    return [_pull(entries) for entries in by_topic.values()]


def _pull(entries: list[tuple[float, Criterion, Evidence]]) -> _Pull:
    by_kind: dict[str, float] = defaultdict(float)
    for points, _, item in entries:
        by_kind[item.kind] += points
    # In hundredths, as the points are, so that a sum is the same everywhere.
    total = round(sum(by_kind.values()), 2)
    sign = 1 if total > 0 else -1
    speaks = max(sorted(by_kind), key=lambda kind: round(sign * by_kind[kind], 2))
    _, criterion, evidence = max(
        (entry for entry in entries if entry[2].kind == speaks), key=lambda entry: sign * entry[0]
    )
    return _Pull(criterion, total, evidence)


@dataclass(slots=True)
class _Pen:
    """Writes remarks in one language, and none that says what another said."""

    rules: FeedbackRules
    language: FeedbackLanguage
    seen: Mapping[str, Observation]
    #: Topics that nothing more is said about.
    topics: set[str] = field(default_factory=set)
    _written: set[str] = field(default_factory=set)

    def on_cap(self, cap: Cap) -> Remark | None:
        """Advice on a cap."""
        texts = self.rules.caps[cap.reason]
        shown = [self.seen[kind] for kind in texts.shows if kind in self.seen]
        values = {"value": shown[0].value} if shown else {}
        speaks = next((item for item in shown if item.quotes or item.moments), None)
        if texts.topic in self.topics:
            return None
        self.topics.add(texts.topic)
        text = self._fill(Side.ADVICE, texts.criterion, texts.advice[self.language], values)
        return self._remark(texts.criterion, text, speaks)

    def on_pull(self, side: Side, pull: _Pull) -> Remark | None:
        """A remark on evidence; None where its topic was spoken of."""
        texts = self.rules.kinds.get(pull.kind)
        if texts is None:
            return self._remark(pull.criterion, self._general(side, pull.criterion))
        if texts.topic in self.topics:
            return None
        self.topics.add(texts.topic)
        places = pull.evidence if texts.quotes is side else None
        return self._remark(pull.criterion, self._specific(side, pull, texts), places)

    def in_general(self, criteria: Sequence[CriterionScore], doubted: set[str]) -> list[Remark]:
        """The strength of a criterion that something raised, where no kind did on the whole."""
        raised = [
            (-item.points, score.criterion)
            for score in criteria
            for item in score.evidence
            if item.impact is Impact.RAISES and item.points and not self._is_in(item.kind, doubted)
        ]
        for _, criterion in sorted(raised):
            if remark := self._remark(criterion, self._general(Side.STRENGTH, criterion)):
                return [remark]
        return []

    def on_weakest(self, criteria: Sequence[CriterionScore]) -> list[Remark]:
        """Advice on the criterion with the lowest score, unless that is the highest there is."""
        weakest = min(criteria, key=lambda score: score.score)
        if weakest.score == HIGHEST:
            return []
        text = self._general(Side.ADVICE, weakest.criterion)
        return [Remark(weakest.criterion, text)]

    def _is_in(self, kind: str, topics: set[str]) -> bool:
        texts = self.rules.kinds.get(kind)
        return texts is not None and texts.topic in topics

    def _specific(self, side: Side, pull: _Pull, texts: KindTexts) -> str:
        observation = self.seen.get(pull.kind)
        details = observation.details if observation else {}
        value = pull.evidence.value or 0.0
        text = texts.choose(side, value, details)[self.language]
        return self._fill(side, pull.criterion, text, {**details, "value": value})

    def _fill(
        self, side: Side, criterion: Criterion, text: str, values: Mapping[str, float | str]
    ) -> str:
        try:
            return fill(text, {name: self._translated(value) for name, value in values.items()})
        except KeyError:
            # Features of another version may lack a detail; what holds without it is said.
            return self._general(side, criterion)

    def _translated(self, value: float | str) -> float | str:
        if self.language is FeedbackLanguage.ENGLISH or not isinstance(value, str):
            return value
        return ", ".join(self.rules.terms.get(part, part) for part in value.split(", "))

    def _general(self, side: Side, criterion: Criterion) -> str:
        return self.rules.criteria[criterion][side][self.language]

    def _remark(
        self, criterion: Criterion, text: str, places: Evidence | Observation | None = None
    ) -> Remark | None:
        if text in self._written:
            return None
        self._written.add(text)
        if places is None:
            return Remark(criterion, text)
        return Remark(criterion, text, places.quotes[:QUOTES_SHOWN], places.moments[:QUOTES_SHOWN])
