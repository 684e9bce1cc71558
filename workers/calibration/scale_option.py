"""A scale of marks as it is typed."""

from grading.domain.mark_scale import MarkScale


def read_scale(text: str) -> MarkScale:
    """The scale that ``text`` tells of, such as ``1:5:0.5``.

    Raises:
        ValueError: it is no such text, or no scale.
    """
    try:
        lowest, highest, step = map(float, text.split(":"))
    except ValueError:
        raise ValueError("must be LOWEST:HIGHEST:STEP, such as 0:10:0.5") from None
    return MarkScale(lowest, highest, step)
