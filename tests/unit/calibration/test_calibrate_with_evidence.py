"""``vstep-grading calibrate --evidence``: what a model saw, fitted and held to its versions."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from bench.evidence_gathering import EvidenceGathering
from bench.purse import Purse
from client.cli import main
from grading.exceptions import SettingsError
from grading.settings import Settings, load_settings
from tests.stack.provider.server import Provider
from tests.unit.calibration.conftest import observe, plain_values
from tests.unit.calibration.marked_essays import essay, witness, write_marks
from workers.calibration import calibrate
from workers.calibration.evidence_folder import EvidenceFolder
from workers.calibration.feature_cache import Features
from workers.calibration.marks import read_marks
from workers.graders import writing_calibration_of
from workers.writing.llm import PROMPT_VERSION

ESSAYS = 72
MEASURES = {"uncalibrated", "cross_validated", "cross_validated_by_prompt"}

#: Asks a model about the first essays of a file; gives the folder of what it said.
Ask = Callable[..., Path]
#: Runs the command; gives its exit code.
Fit = Callable[..., int]


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Marked essays; what is measured of them says nothing of their marks."""

    def measured(works: Sequence[object], cache: object, tell: object) -> list[Features]:
        return [observe(plain_values(Random(str(work)))) for work in works]

    monkeypatch.setattr(calibrate, "measure_answers", measured)
    return write_marks(tmp_path / "spring.csv", ESSAYS)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        started.chat.choose = witness
        yield started


@pytest.fixture
def ask(marks: Path, tmp_path: Path, provider: Provider) -> Ask:
    def asking(count: int, version: str = PROMPT_VERSION, model: str = "gpt-4.1-mini") -> Path:
        folder = tmp_path / "evidence"
        works = [answer.work for answer in read_marks(marks, limit=count).answers]
        settings = _worker(openai_base_url=provider.url, openai_model=model)
        gathering = EvidenceGathering(
            settings, EvidenceFolder(folder, version), Purse(None, None), lambda *_: None
        )
        gathered = asyncio.run(gathering.gather(works))
        assert len(gathered.kept) == count
        return folder

    return asking


@pytest.fixture
def fit(marks: Path, tmp_path: Path) -> Fit:
    def fitting(folder: Path, *more: str) -> int:
        out = str(tmp_path / "spring.json")
        return main(["calibrate", str(marks), "--out", out, "--evidence", str(folder), *more])

    return fitting


def _worker(**given: str) -> Settings:
    return load_settings(
        database_url="postgresql://nobody@127.0.0.1/none",
        rabbitmq_url="amqp://127.0.0.1",
        openai_api_key="sk-test",
        **given,
    )


def test_it_is_fitted_to_both_and_tells_what_each_is_worth(
    ask: Ask, fit: Fit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit(ask(60)) == 0
    told = capsys.readouterr().out
    content = json.loads((tmp_path / "spring.json").read_text())
    part = content["tasks"]["2"]
    assert "grammar_errors_seen" in part["targets"]["grammar"]["curves"]
    assert "rubric.grammar" in part["targets"]["grammar"]["curves"]
    assert part["evidence"]["answers"] == part["answers"] == 60
    assert part["evidence"]["of"] == ESSAYS
    agreement = part["agreement"]
    assert set(agreement) == MEASURES | {"features", "evidence"}
    assert set(agreement["features"]) == set(agreement["evidence"]) == MEASURES
    for what in ("cross_validated", "cross_validated_by_prompt"):
        both, features, evidence = (
            way[what]["overall"]["pearson"]
            for way in (agreement, agreement["features"], agreement["evidence"])
        )
        assert min(both, evidence) > 0.8 > features + 0.4
    for line in ("60 of 72 answers", "features alone", "evidence alone", "both together"):
        assert line in told
    assert essay(3)[:20] not in json.dumps(content)


def test_a_worker_that_hears_a_model_takes_it(ask: Ask, fit: Fit, tmp_path: Path) -> None:
    assert fit(ask(ESSAYS)) == 0
    file = str(tmp_path / "spring.json")
    found = writing_calibration_of(_worker(grading_calibration=file))
    assert found is not None
    assert found.name == "spring"
    with pytest.raises(SettingsError, match=r"GRADING_CALIBRATION: spring\.json was fitted for"):
        writing_calibration_of(_worker(grading_calibration=file, grading_scorers="evidence"))


def test_a_worker_without_a_key_refuses_it(ask: Ask, fit: Fit, tmp_path: Path) -> None:
    assert fit(ask(ESSAYS)) == 0
    settings = _worker(grading_calibration=str(tmp_path / "spring.json"))
    with pytest.raises(SettingsError, match=r"GRADING_CALIBRATION: spring\.json was fitted for"):
        writing_calibration_of(settings.model_copy(update={"openai_api_key": None}))


def test_the_model_that_saw_most_is_fitted(
    ask: Ask, fit: Fit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(45, model="gpt-small")
    assert fit(ask(50, model="gpt-large"), "--json") == 0
    told = json.loads(capsys.readouterr().out)["tasks"]["2"]["evidence"]
    assert (told["model"], told["answers"]) == ("gpt-large", 50)


@pytest.mark.parametrize(
    ("count", "version", "number"), [(39, PROMPT_VERSION, 39), (60, "evidence-0.9", 0)]
)
def test_too_little_evidence_is_refused_in_a_line(
    ask: Ask,
    fit: Fit,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    count: int,
    version: str,
    number: int,
) -> None:
    assert fit(ask(count, version)) == 1
    message = capsys.readouterr().err
    assert f"holds evidence under {PROMPT_VERSION} on {number} of {ESSAYS} answers" in message
    assert message.count("\n") == 1
    assert not (tmp_path / "spring.json").exists()


def test_a_folder_that_is_not_there_holds_nothing(
    fit: Fit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit(tmp_path / "none") == 1
    assert f"on 0 of {ESSAYS} answers" in capsys.readouterr().err
