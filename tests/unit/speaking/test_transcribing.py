"""The embedded recogniser: pinned weights, the right language, the same words each time."""

from pathlib import Path

import pytest

from grading.domain.result import GradingResult
from grading.domain.transcript import Transcript
from tests.unit.speaking.conftest import CASES, RECORDINGS
from workers.speaking import weights
from workers.speaking.decoding import decode
from workers.speaking.models import SpeakingModels
from workers.speaking.transcriber import Transcriber
from workers.speaking.weights import WeightsError, joined_weights

SHORT = CASES / "synthetic-short.webm"


def _transcribe(
    file: Path, models: SpeakingModels, transcriber: Transcriber
) -> tuple[Transcript, list[tuple[float, float]]]:
    sound = decode(file)
    told: list[tuple[float, float]] = []
    voice = models.voice.listen(sound)
    transcript = transcriber.transcribe(
        sound, voice, lambda done, total: told.append((done, total))
    )
    return transcript, told


def test_words_have_times_and_confidences(models: SpeakingModels, transcriber: Transcriber) -> None:
    transcript, told = _transcribe(SHORT, models, transcriber)
    assert transcript.language == "en"
    assert transcript.text.startswith("My street is quiet")
    assert transcript.confidence is not None and transcript.confidence > 0.7
    starts = [word.start for word in transcript.words]
    assert starts == sorted(starts)
    assert all(0 <= word.start <= word.end for word in transcript.words)
    done = [at for at, _ in told]
    assert done == sorted(done)
    assert told[-1][0] == told[-1][1]
    again, _ = _transcribe(SHORT, models, transcriber)
    assert again == transcript


def test_another_language_is_not_forced_into_english(models: SpeakingModels) -> None:
    file = CASES / "synthetic-vietnamese.ogg"
    transcript, _ = _transcribe(file, models, models.transcriber)
    assert transcript.language == "vi"


def test_a_minute_is_heard_nearly_word_for_word(graded: GradingResult) -> None:
    assert graded.transcript is not None
    said = (RECORDINGS / "synthetic-answer.txt").read_text("utf-8").lower().split()
    text = graded.transcript.text.lower().replace("neighborhood", "neighbourhood")
    heard = set(text.split())
    assert sum(word in heard for word in said) > 0.93 * len(said)


def test_weights_that_are_not_pinned_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(weights._HASHES, "config.json", "0" * 64)
    with pytest.raises(WeightsError, match=r"config\.json"), joined_weights():
        pass


def test_nothing_is_left_of_the_joined_weights() -> None:
    with joined_weights() as folder:
        assert (folder / "model.bin").stat().st_size == 145_217_607
    assert not folder.exists()
