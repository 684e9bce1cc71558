"""A provider that takes its time: ``python -m bench.slow_provider SECONDS FILE``.

Writes its URL to ``FILE``, answers every request after ``SECONDS`` with evidence on what it
was shown, and runs until it is ended.
"""

import json
import signal
import sys
from pathlib import Path

from tests.stack.evidence import evidence_on
from tests.stack.provider.answers import Answer, Usage
from tests.stack.provider.call import Call
from tests.stack.provider.server import Provider


def main() -> None:
    """Answer until a signal comes."""
    seconds, file = float(sys.argv[1]), Path(sys.argv[2])

    def answer(call: Call) -> Answer:
        return Answer(
            json.dumps(evidence_on(call)), usage=Usage(2600, 900, cached_tokens=2000), delay=seconds
        )

    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with Provider() as provider:
        provider.chat.choose = answer
        half = file.with_suffix(".half")
        half.write_text(provider.url)
        half.replace(file)
        signal.sigwait(signals)


if __name__ == "__main__":
    main()
