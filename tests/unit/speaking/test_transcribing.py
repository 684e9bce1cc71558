"""The embedded recogniser: pinned weights, the right language, the same words each time."""

from pathlib import Path

import numpy as np
import pytest

from grading.domain.result import GradingResult
from grading.domain.transcript import Transcript
from tests.unit.speaking.conftest import CASES, RECORDINGS
from workers.speaking import weights
from workers.speaking.decoding import decode
from workers.speaking.models import SpeakingModels
from workers.speaking.transcriber import Transcriber
from workers.speaking.voice import Interval, Voice
from workers.speaking.weights import WeightsError, joined_weights
from workers.speaking.whisper import pieces, without_padding

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


def test_long_recordings_are_cut_where_nobody_speaks() -> None:
    spoken = Voice(tuple(Interval(10.0 * at, 10.0 * at + 9.0 - at % 3) for at in range(20)))
    cuts = pieces(200.0, spoken)
    assert cuts[0][0] == 0 and cuts[-1][1] == 200
    assert all(15 <= end - start <= 58 for start, end in cuts)
    assert all(spoken.share(end - 0.2, end + 0.2) == 0 for _, end in cuts[:-1])


def test_who_never_pauses_is_cut_all_the_same() -> None:
    cuts = pieces(150.0, Voice((Interval(0.0, 150.0),)))
    assert [end - start for start, end in cuts] == [58, 58, 34]
    assert pieces(3.0, Voice(())) == [(0.0, 3.0)]


@pytest.mark.parametrize(
    ("sounding", "kept"), [(0, 1_500), (400, 1_500), (2_000, 2_150), (2_999, 3_000)]
)
def test_padding_is_not_encoded(sounding: int, kept: int) -> None:
    features = np.full((80, 3_000), -1.5, dtype=np.float32)
    features[:, :sounding] = 0.5
    lean = without_padding(features)
    assert lean.shape == (80, kept)
    assert np.array_equal(lean, features[:, :kept])
