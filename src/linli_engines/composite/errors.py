"""What is wrong with an input, by code, words and place; a refusal carries all of it at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Problem:
    """`code` is stable; `where` names what is meant: an indicator, a node, or cells as "unit, year, indicator"."""

    code: str
    text: str
    where: tuple[str, ...] = ()
    stops: bool = True

    def __str__(self) -> str:
        if not self.where:
            return self.text
        more = f" and {len(self.where) - SHOWN} more" if len(self.where) > SHOWN else ""
        return f"{self.text}: {'; '.join(self.where[:SHOWN])}{more}"


class Refused(ValueError):
    """Nothing was computed. `problems` holds every reason found, not the first alone."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"[{p.code}] {p}" for p in self.problems))

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(problem.code for problem in self.problems)


def refuse(code: str, text: str, *where: str) -> Refused:
    return Refused([Problem(code, text, where)])


def stop_on(problems: Iterable[Problem]) -> None:
    """Raises Refused if any of the problems stops the run."""
    found = tuple(problem for problem in problems if problem.stops)
    if found:
        raise Refused(found)
