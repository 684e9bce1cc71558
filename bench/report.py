"""How a benchmark tells its figures: a table for people, one JSON object for scripts."""

import json
from dataclasses import dataclass
from enum import StrEnum

Figure = float | int | str


class Bound(StrEnum):
    """On which side of its aim a value should lie."""

    AT_LEAST = "at least"
    AT_MOST = "at most"


@dataclass(frozen=True, slots=True)
class Aim:
    """A measured value beside what it should be."""

    name: str
    value: float
    aim: float
    bound: Bound
    unit: str = ""

    @property
    def met(self) -> bool:
        """Tell whether the value lies on the right side of the aim, or on it."""
        if self.bound is Bound.AT_MOST:
            return self.value <= self.aim
        return self.value >= self.aim


@dataclass(frozen=True, slots=True)
class Report:
    """All that one benchmark measured."""

    title: str
    #: By name, in the order to be shown.
    figures: dict[str, Figure]
    aims: tuple[Aim, ...]

    def table(self) -> str:
        """The report for people."""
        width = max(len(name) for name in [*self.figures, *(aim.name for aim in self.aims)])
        lines = [self.title, ""]
        lines += [f"  {name:<{width}}  {_shown(value)}" for name, value in self.figures.items()]
        lines += [""]
        for aim in self.aims:
            verdict = "met" if aim.met else "MISSED"
            lines.append(
                f"  {aim.name:<{width}}  {_shown(aim.value)} {aim.unit}"
                f" (aim: {aim.bound.value} {_shown(aim.aim)}) {verdict}"
            )
        return "\n".join(lines)

    def json(self) -> str:
        """The report for scripts, in one line."""
        aims = [
            {"name": aim.name, "value": aim.value, "aim": aim.aim, "met": aim.met}
            for aim in self.aims
        ]
        return json.dumps({"figures": self.figures, "aims": aims})

    def show(self, *, as_json: bool) -> None:
        """Print the table, and with ``as_json`` the JSON object as the last line."""
        print(self.table())
        if as_json:
            print(self.json(), flush=True)


def _shown(value: Figure) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
