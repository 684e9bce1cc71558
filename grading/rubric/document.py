"""Reading a rubric file's values strictly, with the line in every complaint."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

import yaml

_LINE = "\0line"
E = TypeVar("E", bound=StrEnum)


class RubricError(ValueError):
    """A rubric file breaks a rule; the message names the file, the line and the rule."""


class _LineLoader(yaml.SafeLoader):
    """Puts into every mapping the line that it starts on."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is given twice", key.start_mark
                )
            seen.add(key.value)
        mapping = super().construct_mapping(node, deep=deep)
        mapping[_LINE] = node.start_mark.line + 1
        return mapping


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping of the file, and where it stands."""

    file: str
    #: What the section is, for messages: ``rules[3] (word_count)``.
    name: str
    entries: dict[str, Any]

    def wrong(self, problem: str) -> RubricError:
        """The error that tells of ``problem`` in this section."""
        return RubricError(f"{self.file}:{self.entries[_LINE]}: {self.name}: {problem}")

    def only(self, *allowed: str) -> None:
        """Refuse keys that the rubric does not know: a misspelt one would do nothing."""
        unknown = sorted(str(key) for key in self.entries if key not in (*allowed, _LINE))
        if unknown:
            raise self.wrong(f"unknown key {unknown[0]!r}; known: {', '.join(allowed)}")

    def names(self) -> Iterator[Any]:
        """The keys of the section, in the file's order."""
        return (key for key in self.entries if key != _LINE)

    def has(self, key: str) -> bool:
        """Tell whether ``key`` is given."""
        return key in self.entries

    def text(self, key: str) -> str:
        """A string that is not empty."""
        value = self._get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(f"{key} must be a text")
        return value.strip()

    def number(self, key: str) -> float:
        """A number."""
        return self._number(key, self._get(key))

    def decimal(self, key: str) -> Decimal:
        """A number, exactly as it is written."""
        try:
            return Decimal(str(self.number(key)))
        except InvalidOperation:
            raise self.wrong(f"{key} must be a number") from None

    def pairs(self, key: str) -> tuple[tuple[float, float], ...]:
        """A list of pairs of numbers."""
        value = self._get(key)
        if not isinstance(value, list) or not value:
            raise self.wrong(f"{key} must be a list of [value, points]")
        if any(not isinstance(pair, list) or len(pair) != 2 for pair in value):
            raise self.wrong(f"every entry of {key} must be [value, points]")
        return tuple((self._number(key, left), self._number(key, right)) for left, right in value)

    def whole_numbers(self, key: str) -> frozenset[int]:
        """A list of whole numbers."""
        value = self._get(key)
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            raise self.wrong(f"{key} must be a list of whole numbers")
        return frozenset(value)

    def names_of(self, key: str) -> tuple[str, ...]:
        """A list of names that are not empty."""
        value = self._get(key)
        if not isinstance(value, list) or not value:
            raise self.wrong(f"{key} must be a list of names")
        if any(not isinstance(item, str) or not item for item in value):
            raise self.wrong(f"every entry of {key} must be a name")
        return tuple(value)

    def one_of(self, key: str, kind: type[E]) -> E:
        """A member of ``kind``, by its value."""
        return self._member(kind, self._get(key))

    def many_of(self, key: str, kind: type[E]) -> frozenset[E]:
        """Members of ``kind``, by their values."""
        value = self._get(key)
        if not isinstance(value, list) or not value:
            raise self.wrong(f"{key} must be a list")
        return frozenset(self._member(kind, item) for item in value)

    def section(self, key: str) -> "Section":
        """The mapping under ``key``."""
        value = self._get(key)
        if not isinstance(value, dict):
            raise self.wrong(f"{key} must be a mapping")
        return Section(self.file, f"{self.name}.{key}" if self.name else key, value)

    def sections(self, key: str, label: str) -> tuple["Section", ...]:
        """The list of mappings under ``key``, each named by its place and its ``label``."""
        value = self._get(key)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.wrong(f"{key} must be a list of mappings")
        return tuple(
            Section(self.file, f"{key}[{at}] ({item.get(label, '?')})", item)
            for at, item in enumerate(value)
        )

    def _get(self, key: str) -> Any:
        if key not in self.entries:
            raise self.wrong(f"{key} is missing")
        return self.entries[key]

    def _number(self, key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(f"{key} must hold numbers, not {value!r}")
        return float(value)

    def _member(self, kind: type[E], value: Any) -> E:
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(member.value for member in kind)
            raise self.wrong(f"{value!r} is no {kind.__name__}; known: {known}") from None


def parse(text: str, file: str) -> Section:
    """The top mapping of a rubric file.

    Raises:
        RubricError: the text is no YAML mapping.
    """
    try:
        # Built on SafeLoader: constructs no objects.
        entries = yaml.load(text, Loader=_LineLoader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RubricError(f"{file}:{line}: {error.problem}") from None
    except yaml.YAMLError as error:
        raise RubricError(f"{file}: {error}") from None
    if not isinstance(entries, dict):
        raise RubricError(f"{file}:1: a rubric is a mapping")
    return Section(file, "", entries)
