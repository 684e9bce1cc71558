"""The models behind a result, and what they cost, in words."""

from collections.abc import Iterator

from client.cli.terminal import printable
from vstep.grading.v1.result_pb2 import ModelUse, Provenance


def models_used(provenance: Provenance) -> Iterator[str]:
    """A line for each model that took part, one for their sum, and why none did."""
    for use in provenance.models:
        yield printable(_line(use))
    costs = [use.cost for use in provenance.models if use.HasField("cost")]
    if len(costs) > 1:
        yield f"Models together: ${sum(costs):.4f}"
    if provenance.fallback:
        yield f"Done by the embedded tools alone: {printable(provenance.fallback)}"


def _line(use: ModelUse) -> str:
    parts = list(_used_up(use))
    if use.HasField("cost"):
        parts.append(f"${use.cost:.4f}")
    if use.recalled:
        parts.append("paid for by an earlier run")
    stage = use.stage.replace("_", " ")
    asked = use.prompt_version if use.audio_seconds else f"prompt {use.prompt_version}"
    return f"Model {use.model} gave {stage} ({asked}, {use.prompt_hash}): " + ", ".join(parts)


def _used_up(use: ModelUse) -> Iterator[str]:
    if use.audio_seconds:
        yield f"{use.audio_seconds:.1f} seconds of sound"
    else:
        yield f"{use.prompt_tokens} tokens asked ({use.cached_tokens} of them cached)"
        yield f"{use.completion_tokens} answered"
