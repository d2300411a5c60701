"""Rules and the router: division × class × channel × time of day to a leading body and joint bodies. First match wins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from linli.core.clock import local

WORKING, OFF = "working", "off"
RULES_MOST = 2_000
LIST_MOST = 300  # codes in one cell of the table
SPANS_MOST = 24  # different times of day in one table: people read it, and a review looks at every stretch
PAIRS_MOST = 64  # a rule is indexed under so many (division, class) pairs, wider ones under their divisions alone

_CODE = re.compile(r"\d{6}(\d{3}){0,2}")
_CLASS = re.compile(r"\d{1,8}")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24:00))")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line. '' in `divisions` or `classes` means all; no channels means all; `lead` '' is unclear: the district decides.

    `hours` is '', "working", "off" or "HH:MM-HH:MM" on the wall clock of Shanghai; a span may pass midnight.
    """

    order: int
    divisions: tuple[str, ...] = ("",)
    classes: tuple[str, ...] = ("",)
    channels: tuple[str, ...] = ()
    hours: str = ""
    lead: str = ""
    joint: tuple[str, ...] = ()
    note: str = ""
    provenance: str = "provisional"
    source: str = ""

    @property
    def condition(self) -> tuple[Any, ...]:
        """What it asks, whatever the order of the lists."""
        return (
            tuple(sorted(set(self.divisions))),
            tuple(sorted(set(self.classes))),
            tuple(sorted(set(self.channels))),
            self.hours,
        )

    @property
    def answer(self) -> tuple[Any, ...]:
        """Who answers."""
        return (self.lead, tuple(sorted(set(self.joint))))


@dataclass(frozen=True, slots=True)
class Decision:
    """What the table says. `rule` is None when no line matches; `unclear` when nobody leads."""

    rule: Rule | None
    lead: str
    joint: tuple[str, ...]
    unclear: bool


NOBODY = Decision(None, "", (), True)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one line (`order`), in a sentence; `fatal` forbids publishing."""

    order: int
    field: str
    code: str
    sentence: str
    fatal: bool = True


def parse_hours(text: str) -> tuple[int, int] | None:
    """Minutes of the day [from, to) of "HH:MM-HH:MM"; to < from passes midnight. None for '', working, off.

    Raises ValueError for anything else and for an empty span.
    """
    if text in ("", WORKING, OFF):
        return None
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError(text)
    h1, m1, h2, m2, _end = match.groups()
    start = int(h1) * 60 + int(m1)
    end = 1440 if h2 is None else int(h2) * 60 + int(m2)
    if start == end:
        raise ValueError(text)
    return start, end


def in_span(minute: int, start: int, end: int) -> bool:
    """Whether a minute of the day lies in [start, end), over midnight if end < start."""
    return start <= minute < end if start < end else minute >= start or minute < end


def minute_of(at: datetime) -> int:
    wall = local(at)
    return wall.hour * 60 + wall.minute


def check_rules(rules: Sequence[Rule]) -> list[Problem]:
    """What is wrong with the lines as text: codes, spans, sizes, order, a body that joins itself."""
    problems: list[Problem] = []

    def say(rule: Rule, field: str, code: str, sentence: str) -> None:
        problems.append(Problem(rule.order, field, code, sentence))

    if len(rules) > RULES_MOST:
        problems.append(Problem(0, "", "too_many_rules", _("规则太多：最多 %(n)s 条。") % {"n": RULES_MOST}))
    if len({r.hours for r in rules} - {"", WORKING, OFF}) > SPANS_MOST:
        problems.append(
            Problem(0, "hours", "too_many_spans", _("不同的时间段太多：最多 %(n)s 种。") % {"n": SPANS_MOST})
        )
    seen: set[int] = set()
    for rule in rules:
        if rule.order in seen or rule.order < 1:
            say(rule, "order", "order_twice", _("序号重复或不是正整数。"))
        seen.add(rule.order)
        if not rule.divisions or any(d and not _CODE.fullmatch(d) for d in rule.divisions):
            say(rule, "divisions", "bad_division", _("区划要写 6、9 或 12 位代码。"))
        if not rule.classes or any(c and not _CLASS.fullmatch(c) for c in rule.classes):
            say(rule, "classes", "bad_class", _("问题类型要写编码，或编码的开头几位。"))
        if max(len(rule.divisions), len(rule.classes), len(rule.channels), len(rule.joint)) > LIST_MOST:
            say(rule, "", "list_too_long", _("一条规则里最多写 %(n)s 项，请分成几条。") % {"n": LIST_MOST})
        try:
            parse_hours(rule.hours)
        except ValueError:
            say(rule, "hours", "bad_hours", _("时间要写工作时间、非工作时间，或 22:00-06:00 这样。"))
        if rule.lead and rule.lead in rule.joint:
            say(rule, "joint", "joins_itself", _("牵头单位不能同时是协办单位。"))
        if rule.joint and not rule.lead:
            say(rule, "lead", "joint_without_lead", _("有协办单位就要有牵头单位。"))
    return problems


# --- the router ---------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Line:
    """A rule as it is asked: None where a test is not needed under its key."""

    place: int
    classes: tuple[str, ...] | None
    channels: frozenset[str] | None
    clock: int  # which of the router's hours, -1: all day


Working = Callable[[tuple[str, ...], datetime], bool]


class Router:
    """A compiled table: lines found by division and class, each key's lines in order. Immutable."""

    def __init__(self, rules: Sequence[Rule], working: Working) -> None:
        self.rules = tuple(sorted(rules, key=lambda r: r.order))
        self._working = working
        self._decisions = [Decision(r, r.lead, r.joint, not r.lead) for r in self.rules]
        self._lengths: tuple[int, ...] = ()
        self._hours = tuple(dict.fromkeys(r.hours for r in self.rules if r.hours))
        self._spans = [parse_hours(h) for h in self._hours]
        self._lines: dict[tuple[str, str], list[_Line]] = {}
        self._index()

    def _index(self) -> None:
        clocks = {hours: i for i, hours in enumerate(self._hours)}
        closed: set[tuple[str, str]] = set()  # keys whose last line takes everything: nothing behind it is reached
        for place, rule in enumerate(self.rules):
            divisions, classes = _widest(rule.divisions), _widest(rule.classes)
            exact = len(divisions) * len(classes) <= PAIRS_MOST
            keys = [(d, c) for d in divisions for c in (classes if exact else ("",))]
            asked = None if exact or "" in classes else classes
            line = _Line(place, asked, frozenset(rule.channels) or None, clocks.get(rule.hours, -1))
            takes_all = line.classes is None and line.channels is None and not rule.hours
            for key in keys:
                if key not in closed:
                    self._lines.setdefault(key, []).append(line)
                    if takes_all:
                        closed.add(key)
        self._lengths = tuple(sorted({len(c) for _d, c in self._lines}))

    def decide(self, *, divisions: Iterable[str], class_code: str, channel: str, at: datetime) -> Decision:
        """The first line that matches. `divisions` name the place from narrow to wide; empty ones are not known."""
        best = len(self.rules)
        now: list[bool] | None = None
        known = tuple(d for d in divisions if d)
        keys = {"", *known, *(d[:6] for d in known), *(d[:9] for d in known)}
        prefixes = [class_code[:n] for n in self._lengths if n <= len(class_code)]
        for division in keys:
            for prefix in prefixes:
                for line in self._lines.get((division, prefix), ()):
                    if line.place >= best:
                        break
                    if line.channels is not None and channel not in line.channels:
                        continue
                    if line.classes is not None and not class_code.startswith(line.classes):
                        continue
                    if line.clock >= 0:
                        if now is None:
                            now = self._open(known, at)
                        if not now[line.clock]:
                            continue
                    best = line.place
                    break
        return NOBODY if best == len(self.rules) else self._decisions[best]

    def _open(self, divisions: tuple[str, ...], at: datetime) -> list[bool]:
        """Which of the table's hours hold at a moment: a table has few, a slow one asks them a thousand times."""
        minute = minute_of(at)
        works = self._working(divisions, at) if WORKING in self._hours or OFF in self._hours else False
        return [
            in_span(minute, *span) if span else works == (hours == WORKING)
            for hours, span in zip(self._hours, self._spans, strict=True)
        ]


def _widest(codes: Sequence[str]) -> tuple[str, ...]:
    """Codes without those that another one covers."""
    every = set(codes)
    return tuple(c for c in dict.fromkeys(codes) if not any(c[:n] in every for n in range(len(c))))


def compile_rules(rules: Sequence[Rule], *, working: Working) -> Router:
    """A router over `rules`. `working` says whether a moment is working time at a place. Raises ValueError for a bad span."""
    return Router(rules, working)


def first_match(
    rules: Sequence[Rule], *, divisions: Iterable[str], class_code: str, channel: str, at: datetime, working: Working
) -> Decision:
    """The same answer in the plainest way: every line in order. The measure of the router in tests."""
    codes = tuple(d for d in divisions if d)
    for rule in sorted(rules, key=lambda r: r.order):
        if "" not in rule.divisions and not any(c.startswith(d) for c in codes for d in rule.divisions):
            continue
        if not any(class_code.startswith(c) for c in rule.classes):
            continue
        if rule.channels and channel not in rule.channels:
            continue
        span = parse_hours(rule.hours)
        if span and not in_span(minute_of(at), *span):
            continue
        if rule.hours in (WORKING, OFF) and working(codes, at) != (rule.hours == WORKING):
            continue
        return Decision(rule, rule.lead, rule.joint, not rule.lead)
    return NOBODY
