"""From the lines of a border change to what the layers become and which code takes the place of which. Pure: no tables.

A code is mapped by the finest line that names it: a cell by its own line, else with its community, which goes by its own
line, else with its subdistrict. Serials are kept where they are free in the new parent and are given anew where not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import shapely
from django.utils.translation import gettext_lazy as _
from shapely import Geometry

from linli.territory.choices import Layer
from linli.territory.layers import LayerContent, LayerFeature

from .choices import LineKind

LEVELS = {6: Layer.DISTRICT, 9: Layer.SUBDISTRICTS, 12: Layer.COMMUNITIES, 15: Layer.GRIDS}
LAST = 999  # serials have three digits


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is drafted. `old` is "" for a new division; a cell may go to a community (12 digits)."""

    kind: str
    old: str
    new: str
    name: str = ""
    short_name: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line (`place` from 1; 0: with all of them together). A warning does not stand in the way."""

    code: str
    message: Any
    place: int = 0
    field: str = ""
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Moves:
    """Which code takes the place of which.

    codes: every old code that is no more, or is another's now, and the code in its place. parted: an old code that stays
    (or goes) with most of its ground while cells or communities of it go elsewhere, with all codes its ground has now.
    """

    codes: Mapping[str, str] = field(default_factory=dict)
    parted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def touched(self) -> tuple[str, ...]:
        """Prefixes under which matters may have to move, none inside another."""
        return _outermost({*self.codes, *self.parted})

    @property
    def reached(self) -> tuple[str, ...]:
        """Prefixes under which they stand afterwards."""
        return _outermost({*self.codes.values(), *(code for codes in self.parted.values() for code in codes)})

    def as_data(self) -> dict[str, Any]:
        """JSON that `moves_of` reads back."""
        return {"codes": dict(self.codes), "parted": {k: list(v) for k, v in self.parted.items()}}


def _outermost(codes: set[str]) -> tuple[str, ...]:
    """Codes of which none begins with another, in order."""
    found: list[str] = []
    for code in sorted(codes):
        if not found or not code.startswith(found[-1]):
            found.append(code)
    return tuple(found)


def moves_of(data: Mapping[str, Any]) -> Moves:
    """The other way."""
    return Moves(dict(data["codes"]), {k: tuple(v) for k, v in data["parted"].items()})


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a change makes of the ground: the layers that become others, the codes that move, what is wrong."""

    layers: Mapping[Layer, LayerContent]
    moves: Moves = field(default_factory=Moves)
    problems: tuple[Problem, ...] = ()

    @property
    def stopped(self) -> bool:
        """Whether a problem stands in the way."""
        return any(not p.warning for p in self.problems)


def mapped(lines: Sequence[Line], live: Mapping[Layer, LayerContent]) -> Mapped:
    """Apply `lines` to the live layers. Problems name the lines; with one that stops, nothing is mapped."""
    work = _Work(lines, live)
    work.check()
    if work.stopped:
        return Mapped({}, problems=tuple(work.problems))
    work.divisions()
    work.communities()
    work.cells()
    if work.stopped:
        return Mapped({}, problems=tuple(work.problems))
    found = work.result()
    return Mapped({}, problems=tuple(work.problems)) if work.stopped else found


@dataclass
class _Work:
    lines: Sequence[Line]
    live: Mapping[Layer, LayerContent]
    problems: list[Problem] = field(default_factory=list)
    of: dict[str, str] = field(default_factory=dict)  # old code -> new code, for every code of the live layers
    by_old: dict[str, Line] = field(default_factory=dict)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)  # new code -> (name, short name) a line gives

    def __post_init__(self) -> None:
        self.known = {f.code: f for content in self.live.values() for f in content.features}
        self.by_old = {line.old: line for line in self.lines if line.old}
        self.made = {line.new for line in self.lines if line.kind == LineKind.NEW}
        self.recoded = {line.new for line in self.lines if line.kind in (LineKind.MOVE, LineKind.RECODE)}
        self.names = {line.new: (line.name, line.short_name) for line in self.lines if line.name}

    @property
    def stopped(self) -> bool:
        return any(not p.warning for p in self.problems)

    def refuse(self, place: int, code: str, message: Any, field_name: str = "") -> None:
        self.problems.append(Problem(code, message, place, field_name))

    # --- lines ------------------------------------------------------------------------------------------
    def check(self) -> None:
        """Each line by itself; then all together."""
        if not self.lines:
            self.refuse(0, "no_lines", _("还没有任何一条改动。"))
        seen: dict[str, int] = {}
        for place, line in enumerate(self.lines, 1):
            if line.old and line.old in seen:
                self.refuse(place, "code_twice", _("这个编码已在第 %(n)s 条里。") % {"n": seen[line.old]}, "old")
            if line.old:
                seen[line.old] = place
            self._check_line(place, line)
        made = [line.new for line in self.lines if line.kind == LineKind.NEW]
        for code in sorted({c for c in made if made.count(c) > 1}):
            self.refuse(0, "code_twice", _("新设的编码 %(code)s 写了两次。") % {"code": code}, "new")

    def _check_line(self, place: int, line: Line) -> None:
        if not line.new.isascii() or not line.new.isdigit() or len(line.new) not in LEVELS:
            self.refuse(place, "bad_code", _("编码须为 6、9、12 或 15 位数字。"), "new")
            return
        if line.kind != LineKind.NEW and line.old not in self.known:
            self.refuse(place, "unknown_code", _("现在没有这个编码的区划或网格。"), "old")
            return
        if line.kind in (LineKind.NEW, LineKind.RENAME) and not line.name:
            self.refuse(place, "missing_name", _("请写名称。"), "name")
        if line.kind == LineKind.NEW:
            if line.new in self.known:
                self.refuse(place, "code_used", _("这个编码已经在用。"), "new")
            elif len(line.new) not in (6, 9, 12):
                self.refuse(place, "bad_level", _("只能新设区、街道或社区。"), "new")
        elif line.kind == LineKind.RENAME:
            if line.new != line.old:
                self.refuse(place, "rename_recodes", _("更名不改编码；要改编码请用“改编码”。"), "new")
        elif line.kind == LineKind.CELL:
            if len(line.old) != 15 or len(line.new) not in (12, 15):
                self.refuse(place, "bad_level", _("网格改划写网格的编码和它要归入的社区。"), "new")
            elif not self._will_be(line.new[:12]):
                self.refuse(place, "unknown_target", _("没有要归入的社区；新的社区请先写一条“新设”。"), "new")
        elif len(line.old) != len(line.new):
            self.refuse(place, "bad_level", _("两个编码的级别不同。"), "new")
        elif line.old == line.new:
            self.refuse(place, "same_code", _("新旧编码相同，这一条什么也没有改。"), "new")
        elif line.kind == LineKind.MERGE and not self._will_be(line.new):
            self.refuse(place, "unknown_target", _("没有要并入的区划；新的区划请先写一条“新设”。"), "new")
        elif line.kind in (LineKind.MOVE, LineKind.RECODE):
            if line.new in self.made or (line.new in self.known and line.new not in self.by_old):
                self.refuse(place, "code_used", _("这个编码已经在用；要合并请用“并入”。"), "new")
            elif len(line.new) > 6 and not self._will_be(line.new[:-3]):
                self.refuse(place, "unknown_target", _("没有这个编码的上级区划。"), "new")

    def _will_be(self, code: str) -> bool:
        """Whether a division of this code is there afterwards: made, recoded to it, or left where it is."""
        if code in self.made or code in self.recoded:
            return True
        stays = (
            self.by_old.get(code[:n], Line("", "", code[:n])).new == code[:n] for n in (6, 9, 12) if n <= len(code)
        )
        return code in self.known and all(stays)

    # --- codes ------------------------------------------------------------------------------------------
    def divisions(self) -> None:
        """Districts and subdistricts."""
        for digits in (6, 9):
            rows = [f.code for f in self._features(digits)]
            self._give(rows, digits)

    def communities(self) -> None:
        self._give([f.code for f in self._features(12)], 12)

    def cells(self) -> None:
        self._give([f.code for f in self._features(15)], 15)

    def _features(self, digits: int) -> tuple[LayerFeature, ...]:
        content = self.live.get(LEVELS[digits])
        return tuple(sorted(content.features, key=lambda f: f.code)) if content else ()

    def _give(self, codes: Sequence[str], digits: int) -> None:
        """New codes of one level: named ones and those whose parent stays first, then the others where there is room."""
        taken: dict[str, set[str]] = defaultdict(set)
        for code in self.made:
            if len(code) == digits:
                taken[code[:-3]].add(code)
        follow = []
        for code in codes:
            line = self.by_old.get(code)
            parent = self.of.get(code[:-3], code[:-3]) if digits > 6 else ""
            if line is not None and len(line.new) == digits:
                self.of[code] = line.new
            elif line is not None:
                follow.append((code, line.new))
                continue
            elif digits == 6 or parent == code[:-3]:
                self.of[code] = code
            else:
                follow.append((code, parent))
                continue
            taken[self.of[code][:-3]].add(self.of[code])
        for code in codes:  # a serial that was in use in a division that stays is not given to another ground
            if digits > 6 and self.of.get(code[:-3]) == code[:-3]:
                taken[code[:-3]].add(code)
        for code, parent in list(follow):  # who can keep its serial does, before others take it
            if parent + code[-3:] not in taken[parent]:
                self.of[code] = parent + code[-3:]
                taken[parent].add(self.of[code])
                follow.remove((code, parent))
        for code, parent in follow:
            self.of[code] = self._free(parent, code[-3:], taken[parent])
            taken[parent].add(self.of[code])

    def _free(self, parent: str, serial: str, taken: set[str]) -> str:
        if parent + serial not in taken:
            return parent + serial
        for n in range(1, LAST + 1):
            if (code := f"{parent}{n:03d}") not in taken:
                return code
        self.refuse(0, "no_serial_left", _("%(code)s 之下的三位序号已经用完。") % {"code": parent})
        return parent + serial

    # --- ground -----------------------------------------------------------------------------------------
    def result(self) -> Mapped:
        """The new layers, the codes that changed, what was parted."""
        layers = dict(self.live)
        shapes: dict[str, Geometry | None] = {}
        for digits in (15, 12, 9, 6):
            layer = LEVELS[digits]
            if layer in self.live:
                features = self._new_features(digits, shapes)
                if features != tuple(self.live[layer].features):
                    layers[layer] = replace(self.live[layer], features=features)
        codes = {old: new for old, new in self.of.items() if old != new}
        changed = {k: v for k, v in layers.items() if v is not self.live.get(k)}
        return Mapped(changed, Moves(codes, self._parted()), tuple(self.problems))

    def _new_features(self, digits: int, shapes: dict[str, Geometry | None]) -> tuple[LayerFeature, ...]:
        groups: dict[str, list[LayerFeature]] = defaultdict(list)
        for feature in self._features(digits):
            groups[self.of[feature.code]].append(feature)
        for code in self.made:
            if len(code) == digits:
                groups.setdefault(code, [])
        gained, lost = self._exchanged(digits)
        found = []
        for code in sorted(groups):
            olds = groups[code]
            first = next((f for f in olds if f.code == code), olds[0] if olds else LayerFeature(code))
            name = self.names.get(code, (first.name, ""))[0]
            if len(olds) == 1 and not gained[code] and not lost[olds[0].code]:
                shape = olds[0].geometry
                found.append(replace(first, code=code, name=name))
            else:
                shape = _joined([f.geometry for f in olds], gained[code], [g for f in olds for g in lost[f.code]])
                if shape is None and digits != 12:
                    text = _("%(code)s 没有分到任何地面。") % {"code": code}
                    self.refuse(0, "no_ground", text)
                if shape is not None and shape.geom_type == "MultiPolygon" and olds and _whole(olds):
                    text = _("%(name)s会分成不相连的几块，请看看是不是这样。") % {"name": name or code}
                    self.problems.append(Problem("not_in_one_piece", text, warning=True))
                flag = any(f.approximate for f in olds) or None
                label = (first.lon, first.lat) if shape is None else (None, None)
                found.append(LayerFeature(code, name, shape, *label, approximate=flag))
            shapes[code] = shape
        return tuple(found)

    def _exchanged(self, digits: int) -> tuple[dict[str, list[Geometry]], dict[str, list[Geometry]]]:
        """Ground that a division gains by finer lines (by new code) and that one loses (by old code)."""
        gained: dict[str, list[Geometry]] = defaultdict(list)
        lost: dict[str, list[Geometry]] = defaultdict(list)
        if digits == 15:
            return gained, lost
        for finer in sorted(d for d in LEVELS if d > digits):
            for feature in self._features(finer):
                parent, before = feature.code[: finer - 3], feature.code[:digits]
                if self.of[feature.code][: finer - 3] == self.of.get(parent, parent):
                    continue  # it went with its parent
                after = self.of[feature.code][:digits]
                if feature.geometry is not None and self.of.get(before, before) != after:
                    gained[after].append(feature.geometry)
                    lost[before].append(feature.geometry)
        return gained, lost

    def _parted(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, set[str]] = defaultdict(set)
        for digits in (12, 15):
            for feature in self._features(digits):
                for n in (9, 12):
                    before = feature.code[:n]
                    if n < digits and self.of[feature.code][:n] != self.of.get(before, before):
                        found[before].add(self.of[feature.code][:n])
        return {old: (self.of.get(old, old), *sorted(new)) for old, new in sorted(found.items())}


def _whole(features: Iterable[LayerFeature]) -> bool:
    return all(f.geometry is None or f.geometry.geom_type == "Polygon" for f in features)


def _joined(own: Iterable[Geometry | None], gained: Sequence[Geometry], lost: Sequence[Geometry]) -> Geometry | None:
    parts = [g for g in own if g is not None]
    if not parts and not gained:
        return None
    shape = shapely.union_all([*parts, *gained])
    if lost:
        shape = shapely.difference(shape, shapely.union_all(lost))
    return None if shape.is_empty else shape
