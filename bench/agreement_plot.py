"""Scores against marks, as a picture."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from grading.domain.mark_scale import MarkScale


def plot(
    pairs: Mapping[str, tuple[list[float], list[float]]], scale: MarkScale, file: Path
) -> None:
    """Write a PNG: for each measure, how often each mark meets each rounded score."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = min(4, len(pairs))
    rows = -(-len(pairs) // columns)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(3.6 * columns, 3.6 * rows), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[len(pairs) :]:
        axis.set_visible(False)
    for axis, (name, (human, machine)) in zip(axes.flat, pairs.items(), strict=False):
        counts = Counter(zip(human, map(scale.nearest, machine), strict=True))
        marks, scores = zip(*counts, strict=True)
        most = max(counts.values())
        axis.scatter(marks, scores, s=[400 * count / most for count in counts.values()], alpha=0.5)
        axis.plot([scale.lowest, scale.highest], [scale.lowest, scale.highest], color="grey", lw=1)
        axis.set(title=name, xlabel="mark", ylabel="score", aspect="equal")
    figure.savefig(file, dpi=120)
    pyplot.close(figure)
