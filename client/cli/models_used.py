"""The language models behind a result, and what they cost, in words."""

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
        yield f"No model's evidence went into it: {printable(provenance.fallback)}"


def _line(use: ModelUse) -> str:
    parts = [
        f"{use.prompt_tokens} tokens asked ({use.cached_tokens} of them cached)",
        f"{use.completion_tokens} answered",
    ]
    if use.HasField("cost"):
        parts.append(f"${use.cost:.4f}")
    if use.recalled:
        parts.append("paid for by an earlier run")
    stage = use.stage.replace("_", " ")
    return (
        f"Model {use.model} gave {stage} (prompt {use.prompt_version}, {use.prompt_hash}): "
        + ", ".join(parts)
    )
