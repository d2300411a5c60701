"""What other rooms hold of a division: counted before a border moves, carried over when it has moved.

Rooms below are asked by calls (accounts, organisations, flow); rooms beside or above announce themselves in wiring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linli.core.actor import Actor

Codes = Mapping[str, str]
"""Old code → the code that takes its place, for every division and cell that goes or moves."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a room holds of codes that go: `count` of `label`; `carried`: it follows by itself; `stays`: a fact of its
    time, kept under the code of that time. Neither: somebody decides.
    """

    label: Any
    count: int
    carried: bool
    url: str = ""
    examples: Sequence[str] = ()
    stays: bool = False


Count = Callable[[Actor, Codes], Sequence[Held]]
Carry = Callable[[Actor, Codes], Any]
PutBack = Callable[[Actor, Any], object]
Classes = Callable[[], Sequence[tuple[str, str]]]

_count: dict[str, Count] = {}
_carry: dict[str, tuple[Carry, PutBack]] = {}
_classes: list[Classes] = []


def on_count(name: str, count: Count) -> None:
    """Announce what a room holds of divisions. Called for a preview; must not write."""
    _count[name] = count


def on_carry(name: str, carry: Carry, put_back: PutBack) -> None:
    """Announce what a room does when codes have changed, and how it takes that back.

    `carry` is called by the job after the flip, in the order of announcement, and answers what `put_back` needs (JSON).
    """
    _carry[name] = (carry, put_back)


def on_classes(classes: Classes) -> None:
    """Announce the classes of matters in force, as (code, name): the catalogue of grid matters is compared with them."""
    _classes.append(classes)


def held(actor: Actor, codes: Codes) -> list[Held]:
    """Everything that other rooms hold of these codes."""
    return [one for count in _count.values() for one in count(actor, codes)]


def carriers() -> Mapping[str, tuple[Carry, PutBack]]:
    """Who carries codes over and back, by name."""
    return dict(_carry)


def classes() -> list[tuple[str, str]]:
    """The classes of matters in force, as (code, name)."""
    return [pair for read in _classes for pair in read()]
