"""The service's own client and grader hear a real model, which talks nonsense."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from grading.domain.result import GradingResult
from grading.domain.work import Prompt, WritingTask, WritingWork
from grading.exceptions import PermanentFault, TransientFault
from grading.settings import load_settings
from grading.store.provider_answers import KeptAnswer, ProviderCall
from tests.stack.light_measurer import LightMeasurer
from tests.stack.real_model import NAME, RealModel, real_model
from workers import graders, shared_tools
from workers.evidence import prompt
from workers.evidence.parts import Form, strict_schema
from workers.providers import faults
from workers.providers.background_loop import BackgroundLoop
from workers.providers.call_span import ANSWERED
from workers.providers.caller import Caller
from workers.providers.chat import ChatPrompt
from workers.shared_tools import SharedTools
from workers.unwatched_run import UnwatchedRun
from workers.writing.evidence.form import PositionSeen
from workers.writing.llm import PROMPT_VERSION

WORK = WritingWork(
    WritingTask.LETTER,
    "Dear Ann, thank you for your letter. I am happy that you will come to see us in July. The"
    " weather are warm then, so we can swim. Please bring a hat. Best wishes, Lan",
    Prompt("Answer a letter of your friend Ann.", ("Say what to bring",)),
)
TIMED_OUT = {faults.CallTimedOut.code, faults.ReadTimedOut.code}
#: What a worker may make of an answer of a model, and nothing else.
SANE = {
    fault.code
    for fault in (
        faults.AnswerCutShort,
        faults.AnswerNotJson,
        faults.AnswerBreaksSchema,
        faults.AnswerUnfounded,
    )
} | TIMED_OUT


class Recorded:
    """A CallLedger that remembers."""

    def __init__(self) -> None:
        self.calls: list[ProviderCall] = []

    async def recall(self, stage: str, prompt_hash: str) -> KeptAnswer | None:
        """Nothing: every test asks for the first time."""

    async def record(self, call: ProviderCall) -> None:
        """Remember ``call``."""
        self.calls.append(call)

    async def spent(self) -> Decimal:
        """Nothing yet."""
        return Decimal(0)

    async def take_tokens(self, model: str, tokens: int) -> float:
        """As many as are wanted."""
        del model, tokens
        return 0.0

    async def return_tokens(self, model: str, tokens: int) -> None:
        """Count none."""
        del model, tokens


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealModel]:
    with real_model(tmp_path_factory.mktemp("model")) as running:
        yield running


@pytest.fixture(autouse=True)
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close in the end what a worker leaves open until its process ends; load no models."""
    callers: list[Caller[ChatPrompt]] = []
    loop = BackgroundLoop()

    def make(*arguments: Any) -> Caller[ChatPrompt]:
        callers.append(Caller(*arguments))
        return callers[-1]

    monkeypatch.setattr(shared_tools, "BackgroundLoop", lambda: loop)
    monkeypatch.setattr(shared_tools, "Caller", make)
    monkeypatch.setattr(graders, "_measurer", lambda _: LightMeasurer())
    yield
    for caller in callers:
        caller.close()
    loop.close()


def grade(model: RealModel, form: str, tokens: int) -> tuple[GradingResult | str, ProviderCall]:
    """The result, or the code of the fault, and the one call that was made."""
    settings = load_settings(
        database_url="postgresql://nobody@127.0.0.1/none",
        rabbitmq_url="amqp://127.0.0.1",
        openai_api_key="any",
        openai_base_url=model.url,
        openai_model=NAME,
        openai_response_format=form,
        openai_max_tokens=str(tokens),
        openai_call_timeout_seconds="30",
        openai_prices=f'{{"{NAME}": {{"prompt": 1, "completion": 2}}}}',
        grading_scorers="evidence",
    )
    ledger = Recorded()
    outcome: GradingResult | str
    try:
        outcome = graders.load_writing_grader(settings, None, SharedTools(settings)).grade(
            WORK, UnwatchedRun(calls=ledger)
        )
    except (TransientFault, PermanentFault) as fault:
        outcome = fault.message.partition(":")[0]
    [call] = ledger.calls
    return outcome, call


def bounded(schema: Any) -> Any:
    """The schema with short texts, lists and numbers, for a model that finds no end."""
    if isinstance(schema, list):
        return [bounded(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    bounds = {
        "string": {"maxLength": 12},
        "array": {"maxItems": 1},
        "integer": {"minimum": 0, "maximum": 9},
    }
    kind = schema.get("type")
    more = bounds.get(kind, {}) if isinstance(kind, str) and "enum" not in schema else {}
    return {key: bounded(value) for key, value in schema.items()} | more


def small(form: type[Form]) -> Any:
    """A part of the schema, for a model that is told it in words."""
    del form
    return PositionSeen.model_json_schema()


@pytest.mark.parametrize(
    ("form", "tokens", "schema"),
    [
        ("json_schema", 60, strict_schema),
        ("json_schema", 450, lambda form: bounded(strict_schema(form))),
        ("json_object", 60, small),
    ],
    ids=["json_schema", "bounded json_schema", "json_object"],
)
def test_nonsense_is_a_fault_or_a_sound_result(
    model: RealModel, form: str, tokens: int, schema: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It reads a hundred tokens a second, so it is told less than a model that understands it.
    whole = prompt.load_prompt(PROMPT_VERSION)
    short = replace(whole, fixed="Note what is in the answer.", feedback="Be short.")
    monkeypatch.setattr(graders, "load_prompt", lambda _: short)
    monkeypatch.setattr(prompt, "strict_schema", schema)
    outcome, call = grade(model, form, tokens)
    assert call.model == NAME
    if isinstance(outcome, GradingResult):
        assert call.outcome == ANSWERED
        _see_that_it_is_sound(outcome, call)
    else:
        assert outcome == call.outcome
        assert outcome in SANE
    if call.outcome not in TIMED_OUT:
        assert call.usage is not None
        assert call.usage.prompt > 50
        assert 0 < call.usage.completion <= tokens
        price = call.usage.prompt + 2 * call.usage.completion
        assert call.cost == Decimal(price) / 1_000_000


def _see_that_it_is_sound(result: GradingResult, call: ProviderCall) -> None:
    assert 0 <= result.score <= 10
    assert all(0 <= item.score <= 10 for item in result.criteria)
    shown = [piece.quotes for item in result.criteria for piece in item.evidence]
    assert result.feedback is not None
    remarks = (*result.feedback.strengths, *result.feedback.to_work_on)
    shown += [remark.quotes for remark in remarks]
    for quote in (quote for quotes in shown for quote in quotes):
        assert WORK.text[quote.start : quote.end] == quote.text
    [use] = result.provenance.models
    assert (use.model, use.usage, use.cost) == (NAME, call.usage, call.cost)
