"""The grader that a worker's settings ask for."""

from collections.abc import Sequence
from pathlib import Path

from grading.domain.work import WritingWork
from grading.exceptions import SettingsError
from grading.rubric.calibration import Calibration
from grading.rubric.calibration_file import CalibrationError, load_calibration
from grading.rubric.load import load_rubric
from grading.rubric.load_feedback import load_feedback
from grading.rubric.observation import Observation
from grading.rubric.rubric import Scorer
from grading.settings import Settings
from workers.evidence.prompt import load_prompt
from workers.evidence.witness import Witness
from workers.grader import SpeakingGrader, WritingGrader
from workers.providers.caller import Caller
from workers.providers.chat import ChatPrompt
from workers.shared_tools import SharedTools
from workers.speaking import embedded as speaking
from workers.speaking import llm as speaking_llm
from workers.speaking.embedded import EmbeddedSpeakingGrader
from workers.speaking.encoding import TRANSCRIPTION_VERSION
from workers.speaking.llm import LlmSpeakingGrader
from workers.speaking.measure import feature_version
from workers.transcribing import make_caller, make_listener, make_transcripts
from workers.turn import TURN
from workers.writing import embedded, llm
from workers.writing.embedded import EmbeddedWritingGrader
from workers.writing.light_measure import LIGHT_VERSION, LightTools, measure_lightly
from workers.writing.llm import LlmWritingGrader, Measuring
from workers.writing.measure import FEATURE_VERSION, Step
from workers.writing.measurer import Measurer, MeasuringElsewhere, MeasuringHere
from workers.writing.models import tool_versions
from workers.writing.own_text import OwnText


def load_writing_grader(
    settings: Settings, calibration: Calibration | None, tools: SharedTools
) -> WritingGrader:
    """Load the grader for writing, once in each process that grades; may take seconds."""
    measurer = _measurer(tools)
    if not settings.models:
        return EmbeddedWritingGrader.load(calibration=calibration, measurer=measurer)
    return wire_llm_grader(settings, tools.callers, measurer, calibration)


def wire_llm_grader(
    settings: Settings,
    callers: Sequence[Caller[ChatPrompt]],
    measurer: Measurer,
    calibration: Calibration | None = None,
) -> LlmWritingGrader:
    """The grader that hears the models of ``callers``: one, or two."""
    return LlmWritingGrader(
        EmbeddedWritingGrader.load(measurer=measurer),
        _measuring(settings, measurer),
        load_prompt(llm.PROMPT_VERSION),
        _witness(settings, callers),
        load_rubric(llm.RUBRIC_VERSION),
        load_feedback(embedded.FEEDBACK_VERSION),
        settings.grading_fallback,
        settings.grading_budget_action,
        calibration,
    )


def load_speaking_grader(
    settings: Settings, calibration: Calibration | None, tools: SharedTools
) -> SpeakingGrader:
    """Load the grader for speaking, once in each process that grades; may take seconds."""
    listener = make_listener(settings, tools)
    transcripts = make_transcripts(settings, make_caller(settings, tools), listener)
    if not settings.models:
        return EmbeddedSpeakingGrader.load(
            calibration=calibration, listener=listener, transcripts=transcripts
        )
    embedded = EmbeddedSpeakingGrader.load(listener=listener, transcripts=transcripts)
    return wire_llm_speaking_grader(settings, tools.callers, embedded, calibration)


def wire_llm_speaking_grader(
    settings: Settings,
    callers: Sequence[Caller[ChatPrompt]],
    embedded: EmbeddedSpeakingGrader,
    calibration: Calibration | None = None,
) -> LlmSpeakingGrader:
    """The grader that hears the models of ``callers``, one or two, on the words of a recording."""
    return LlmSpeakingGrader(
        embedded,
        load_prompt(speaking_llm.PROMPT_VERSION),
        _witness(settings, callers),
        load_rubric(speaking_llm.RUBRIC_VERSION),
        load_feedback(speaking.FEEDBACK_VERSION),
        _scorers(settings),
        settings.grading_fallback,
        settings.grading_budget_action,
        calibration,
    )


def writing_calibration_of(settings: Settings) -> Calibration | None:
    """The calibration of writing that the settings name; None where they name none.

    Raises:
        SettingsError: the file can't be used with this grader; one line names the variable.
    """
    if not settings.models:
        versions = FEATURE_VERSION, embedded.RUBRIC_VERSION
    else:
        full = settings.grading_scorers == "both"
        observed = llm.observed_version(FEATURE_VERSION if full else LIGHT_VERSION)
        versions = observed, llm.RUBRIC_VERSION
    return _calibration("GRADING_CALIBRATION", settings.grading_calibration, *versions)


def speaking_calibration_of(settings: Settings) -> Calibration | None:
    """The same of speaking."""
    version = feature_version(TRANSCRIPTION_VERSION if settings.stt_api_key else "")
    if settings.models:
        versions = speaking_llm.observed_version(version), speaking_llm.RUBRIC_VERSION
    else:
        versions = version, speaking.RUBRIC_VERSION
    return _calibration(
        "GRADING_SPEAKING_CALIBRATION", settings.grading_speaking_calibration, *versions
    )


def _calibration(
    variable: str, file: Path | None, feature_version: str, rubric_version: str
) -> Calibration | None:
    if file is None:
        return None
    try:
        return load_calibration(
            file, feature_version=feature_version, rubric_version=rubric_version
        )
    except CalibrationError as error:
        raise SettingsError(f"{variable}: {error}") from None


def _witness(settings: Settings, callers: Sequence[Caller[ChatPrompt]]) -> Witness:
    first, *second = callers
    return Witness(first, second[0] if second else None, settings.grading_drain_seconds)


def _scorers(settings: Settings) -> frozenset[Scorer]:
    both = settings.grading_scorers == "both"
    return frozenset(Scorer) if both else frozenset({Scorer.EVIDENCE})


def _measurer(tools: SharedTools) -> Measurer:
    return MeasuringHere() if tools.measuring is None else MeasuringElsewhere(tools.measuring)


def _measuring(settings: Settings, measurer: Measurer) -> Measuring:
    if settings.grading_scorers == "both":

        def measure(work: WritingWork, own: OwnText, step: Step) -> tuple[Observation, ...]:
            del own  # the measuring process reads the work by itself
            return measurer.measure(work, step)

        return Measuring(measure, _scorers(settings), FEATURE_VERSION, tool_versions())
    tools = LightTools()

    def observe(work: WritingWork, own: OwnText, step: Step) -> tuple[Observation, ...]:
        del work, step  # it is done at once
        with TURN:
            return measure_lightly(own, tools)

    return Measuring(observe, _scorers(settings), LIGHT_VERSION, tools.versions)
