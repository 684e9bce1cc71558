"""What logs tell of exceptions: where they happened, and nothing of what they were about."""

import pytest

from grading.private_traceback import private_traceback

MARK = "a learner's private words"


def _raise(error: BaseException) -> None:
    raise error


def _traceback_of(error: BaseException) -> str:
    return private_traceback((type(error), error, error.__traceback__))


def test_it_tells_where_and_what_kind() -> None:
    with pytest.raises(RuntimeError) as caught:
        _raise(RuntimeError(MARK))
    told = _traceback_of(caught.value)
    assert MARK not in told
    assert "in _raise\n    raise error\n" in told
    assert told.endswith("RuntimeError\n")


def test_it_tells_what_led_to_it() -> None:
    with pytest.raises(LookupError) as caught:
        try:
            int(MARK)
        except ValueError as error:
            raise LookupError(MARK) from error
    told = _traceback_of(caught.value)
    assert MARK not in told
    assert told.index("ValueError\nwhich led to\n") < told.index("LookupError\n")


def test_one_that_comes_from_itself_has_an_end() -> None:
    error = ValueError(MARK)
    other = LookupError(MARK)
    error.__cause__, other.__cause__ = other, error
    assert _traceback_of(error).count("ValueError") == 1


def test_groups_are_told_with_what_is_in_them() -> None:
    group = ExceptionGroup(MARK, [OSError(2, MARK, MARK), ExceptionGroup(MARK, [KeyError(MARK)])])
    told = _traceback_of(group)
    assert MARK not in told
    assert "FileNotFoundError [ENOENT]\n" in told
    assert "KeyError\n" in told
