"""What was heard in a recording, as the contract's messages."""

from grading.domain.audio import AudioQuality
from grading.domain.criterion import Moment
from grading.domain.transcript import Transcript
from vstep.grading.v1 import result_pb2 as messages


def moment_to(moment: Moment) -> messages.Moment:
    """Write a moment."""
    return messages.Moment(text=moment.text, start=moment.start, end=moment.end)


def transcript_to(transcript: Transcript) -> messages.Transcript:
    """Write a transcript."""
    return messages.Transcript(
        words=[
            messages.SpokenWord(
                text=word.text, start=word.start, end=word.end, confidence=word.confidence
            )
            for word in transcript.words
        ],
        language=transcript.language,
        language_confidence=transcript.language_confidence,
        engine=transcript.engine,
        confidence=transcript.confidence or 0.0,
    )


def quality_to(quality: AudioQuality) -> messages.AudioQuality:
    """Write how well a recording can be heard."""
    return messages.AudioQuality(
        seconds=quality.seconds,
        speech_seconds=quality.speech_seconds,
        level_dbfs=quality.level_dbfs,
        peak_dbfs=quality.peak_dbfs,
        clipped_share=quality.clipped_share,
        snr_db=quality.snr_db,
    )
