"""The workers' tools tell nobody anything."""

import subprocess
import sys
from pathlib import Path

from tests.stack.process import CHECKOUT, environment


def test_onnxruntime_begins_no_session_with_its_maker(tmp_path: Path) -> None:
    """When it does, a file with the session's name is the first that is seen of it."""
    loading = "import workers.speaking.voice as voice; voice.VoiceDetector()"
    subprocess.run(
        [sys.executable, "-c", loading],
        cwd=CHECKOUT,
        env=environment({"TMPDIR": str(tmp_path), "HOME": str(tmp_path)}),
        timeout=60,
        check=True,
    )
    assert list(tmp_path.iterdir()) == []
