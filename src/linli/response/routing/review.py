"""A whole table looked through: what nobody answers for, lines never reached, lines that meet. Exact, not sampled.

The space of cases is divided into cells: places × classes × channels × moments. Moments stand for all times: one in
each stretch between two edges, of a working day and of a day off. Each cell is given to the first line that matches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .engine import OFF, WORKING, Rule, in_span, parse_hours

OVERLAPS_MOST = 500


@dataclass(frozen=True, slots=True)
class Space:
    """Every case there can be. A place is (community, subdistrict, district), narrow first, '' where not known.

    A moment is (minute of the day, whether it is working time).
    """

    places: tuple[tuple[str, ...], ...]
    classes: tuple[str, ...]
    channels: tuple[str, ...]
    moments: tuple[tuple[int, bool], ...]

    def atoms(self, rules: Sequence[Rule]) -> tuple[Space, tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """The space with one of each place, class and channel that `rules` cannot tell apart; and where each one went."""
        divisions = {d for r in rules for d in r.divisions}
        classes = {c for r in rules for c in r.classes}
        channels = {c for r in rules for c in r.channels}
        places, place_of = _first_of(
            self.places, lambda p: frozenset(d for c in p if c for d in (c, c[:9], c[:6]) if d in divisions)
        )
        codes, class_of = _first_of(self.classes, lambda c: frozenset(c[:n] for n in range(9)) & classes)
        ways, channel_of = _first_of(self.channels, lambda c: c if c in channels else "")
        return Space(places, codes, ways, self.moments), place_of, class_of, channel_of


def _first_of(things: Sequence[Any], sign: Callable[[Any], object]) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """The first thing of each sign, and for every thing the place of its first."""
    signs: dict[object, int] = {}
    kept: list[Any] = []
    where: list[int] = []
    for thing in things:
        s = sign(thing)
        if s not in signs:
            signs[s] = len(kept)
            kept.append(thing)
        where.append(signs[s])
    return tuple(kept), tuple(where)


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of case."""

    place: tuple[str, ...]
    class_code: str
    channel: str
    minute: int
    working: bool


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two lines with different bodies that both match `example`; the earlier one wins.

    `exception`: the earlier one lies wholly inside the later one, which is how exceptions are written.
    """

    earlier: Rule
    later: Rule
    example: Cell
    exception: bool


@dataclass(frozen=True)
class Review:
    """`winner[p, c, h, t]` is the index of the line that answers (into `rules`), or -1."""

    rules: tuple[Rule, ...]
    space: Space
    winner: Any
    dead: tuple[tuple[Rule, tuple[Rule, ...]], ...]  # with the lines that take everything it would take
    overlaps: tuple[Overlap, ...]
    overlaps_count: int

    def unowned(self) -> Any:
        """A boolean array of the space: no line, or a line without a leading body."""
        leads = np.array([bool(r.lead) for r in self.rules] + [False])
        return ~leads[self.winner]


def review(rules: Sequence[Rule], space: Space) -> Review:
    """Look a table through. Raises ValueError for a span that cannot be read."""
    lines = tuple(sorted(rules, key=lambda r: r.order))
    shape = (len(space.places), len(space.classes), len(space.channels), len(space.moments))
    winner = np.full(shape, -1, dtype=np.int32)
    boxes: list[tuple[Any, ...]] = []
    dead: list[tuple[Rule, tuple[Rule, ...]]] = []
    overlaps: list[Overlap] = []
    count = 0
    axes = _Axes(space)
    for j, rule in enumerate(lines):
        box = axes.box(rule)
        boxes.append(tuple(set(a.tolist()) for a in box))
        grid = np.ix_(*box)
        part = winner[grid]
        free = part < 0
        earlier = np.unique(part[~free])
        if not free.any():
            dead.append((rule, tuple(lines[i] for i in earlier)))
        else:
            part[free] = j
            winner[grid] = part
        for i in earlier:
            if lines[i].answer == rule.answer:
                continue
            count += 1
            if len(overlaps) < OVERLAPS_MOST:
                at = np.argwhere(part == i)[0]
                inside = all(a <= b for a, b in zip(boxes[i], boxes[j], strict=True))
                example = _cell(space, [int(box[k][at[k]]) for k in range(4)])
                overlaps.append(Overlap(lines[i], rule, example, inside))
    return Review(lines, space, winner, tuple(dead), tuple(overlaps), count)


def _cell(space: Space, at: Sequence[int]) -> Cell:
    minute, working = space.moments[at[3]]
    return Cell(space.places[at[0]], space.classes[at[1]], space.channels[at[2]], minute, working)


class _Axes:
    """Which places, classes, channels and moments each part of a rule means; each text is looked up once."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self._kept: dict[tuple[str, object], Any] = {}

    def box(self, rule: Rule) -> tuple[Any, ...]:
        space = self.space
        return (
            self._take("place", rule.divisions, lambda: [_lies_in(p, rule.divisions) for p in space.places]),
            self._take("class", rule.classes, lambda: [c.startswith(rule.classes) for c in space.classes]),
            self._take(
                "channel", rule.channels, lambda: [not rule.channels or c in rule.channels for c in space.channels]
            ),
            self._take("moment", rule.hours, lambda: [_is_then(m, w, rule.hours) for m, w in space.moments]),
        )

    def _take(self, axis: str, said: object, test: Callable[[], list[bool]]) -> Any:
        if (axis, said) not in self._kept:
            self._kept[axis, said] = np.flatnonzero(np.array(test(), dtype=bool))
        return self._kept[axis, said]


def _lies_in(place: Sequence[str], divisions: tuple[str, ...]) -> bool:
    return "" in divisions or any(code.startswith(divisions) for code in place if code)


def _is_then(minute: int, working: bool, hours: str) -> bool:
    if hours in (WORKING, OFF):
        return working == (hours == WORKING)
    span = parse_hours(hours)
    return span is None or in_span(minute, *span)


def moments_for(rules: Sequence[Rule], spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, bool], ...]:
    """One moment for each stretch of a working day with `spans` (minutes) of work, and of a day off."""
    edges = {0} | {edge % 1440 for span in spans for edge in span}
    for rule in rules:
        edges |= {edge % 1440 for edge in (parse_hours(rule.hours) or ())}
    works = [(m, any(a <= m < b for a, b in spans)) for m in sorted(edges)]
    return tuple(dict.fromkeys([*works, *((m, False) for m in sorted(edges))]))
