"""A recording as it was heard: how well, and which words."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from client.cli.places import clock
from client.cli.terminal import printable
from vstep.grading.v1.result_pb2 import AudioQuality, SpokenWord, Transcript

#: A silence of so many seconds begins a new line of the transcript.
_PAUSE_SECONDS = 1.0
#: After so many words a line is broken at the end of a sentence.
_LINE_WORDS = 12
#: Words of less confidence are marked.
_UNSURE = 0.5


def quality_line(audio: AudioQuality) -> str:
    """How well a recording can be heard, in one line."""
    parts = [
        f"{audio.speech_seconds:.1f} s of speech in {audio.seconds:.1f} s",
        f"level {audio.level_dbfs:.0f} dB",
    ]
    if audio.HasField("snr_db"):
        parts.append(f"{audio.snr_db:.0f} dB over the noise")
    if audio.clipped_share:
        parts.append(f"{audio.clipped_share:.2%} cut off")
    return ", ".join(parts)


def print_transcript(console: Console, transcript: Transcript) -> None:
    """Print the words with the times of their lines; unsure ones are marked."""
    heading = Text("What was heard", "bold")
    heading.append(
        f"  {transcript.language}, confidence {transcript.confidence:.0%},"
        f" by {printable(transcript.engine)}",
        "not bold dim",
    )
    console.print(heading)
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, justify="right")
    table.add_column()
    for line in _lines(transcript.words):
        table.add_row(Text(clock(line[0].start), "dim"), _words(line))
    console.print(Padding(table, (0, 0, 1, 1)))


def _lines(words: Sequence[SpokenWord]) -> Iterator[list[SpokenWord]]:
    line: list[SpokenWord] = []
    for word in words:
        if line and _breaks(line, word):
            yield line
            line = []
        line.append(word)
    if line:
        yield line


def _breaks(line: Sequence[SpokenWord], word: SpokenWord) -> bool:
    last = line[-1]
    ended = len(line) >= _LINE_WORDS and last.text.endswith((".", "?", "!"))
    return ended or word.start - last.end >= _PAUSE_SECONDS


def _words(line: Sequence[SpokenWord]) -> Text:
    text = Text()
    for word in line:
        text.append(printable(word.text), "yellow" if word.confidence < _UNSURE else "")
        text.append(" ")
    text.rstrip()
    return text
