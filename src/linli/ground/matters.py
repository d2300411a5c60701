"""Grid matters as values: rows of the catalogue, what is wrong with one, what the whole of them leaves open. Pure."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from .choices import Net, Object, Provenance, Subject

FIELDS = ("code", "name", "name_en", "object", "nets", "subject", "body_code", "body_kind", "classes", "steps",
          "provenance", "source")  # fmt: skip
LIMITS = {"code": 12, "name": 60, "name_en": 120, "nets": 80, "body_code": 40, "body_kind": 24, "classes": 120,
          "steps": 2000, "source": 200}  # fmt: skip
ROWS_MOST = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One grid matter. `nets` and `classes` (prefixes of codes of cases) are parted by spaces, `steps` by lines."""

    code: str
    name: str
    name_en: str = ""
    object: str = Object.PLACE
    nets: str = ""
    subject: str = Subject.TERRITORIAL
    body_code: str = ""
    body_kind: str = ""
    classes: str = ""
    steps: str = ""
    provenance: str = Provenance.PROVISIONAL
    source: str = ""

    @property
    def of_nets(self) -> tuple[str, ...]:
        return tuple(self.nets.split())

    @property
    def process(self) -> tuple[tuple[str, str, str], ...]:
        """(who, what, by when) of each step; what is not said is ""."""
        found = []
        for line in self.steps.splitlines():
            who, what, when = ([p.strip() for p in line.replace(":", "：").split("：", 2)] + ["", ""])[:3]
            if who:
                found.append((who, what, when))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of one row (`code` of the fault is stable)."""

    code: str
    field: str
    message: Any


@dataclass(frozen=True, slots=True)
class Review:
    """What the whole catalogue leaves open, by code: claimed by two nets or more, by none; without a body; and classes of
    cases (code, name) that no matter covers.
    """

    several: tuple[str, ...]
    none: tuple[str, ...]
    nobody: tuple[str, ...]
    uncovered: tuple[tuple[str, str], ...]


def read_rows(text: str) -> list[Row]:
    """Rows of a CSV text with the columns FIELDS."""
    return [
        Row(**{name: (line.get(name) or "").strip() for name in FIELDS})
        for line in csv.DictReader(text.splitlines(True))
    ]


def faults(row: Row, *, bodies: Collection[str], kinds: Collection[str]) -> list[Fault]:
    """What is wrong with a row by itself. `bodies`, `kinds`: codes of active bodies, kinds of bodies."""
    found = []
    for name, most in LIMITS.items():
        value = getattr(row, name)
        if len(value) > most or "\x00" in value:
            found.append(Fault("too_long", name, _("最多 %(n)s 个字。") % {"n": most}))
    if not row.code or not row.code.isascii() or not row.code.isalnum():
        found.append(Fault("bad_code", "code", _("编码由字母和数字组成。")))
    if not row.name:
        found.append(Fault("missing_name", "name", _("请写名称。")))
    known: tuple[tuple[str, Any], ...] = (("object", Object), ("subject", Subject), ("provenance", Provenance))
    for name, choices in known:
        if getattr(row, name) not in choices.values:
            found.append(Fault("unknown_choice", name, _("没有这个选项：%(value)s。") % {"value": getattr(row, name)}))
    if wrong := [net for net in row.of_nets if net not in Net.values]:
        found.append(Fault("unknown_net", "nets", _("没有这张网：%(value)s。") % {"value": wrong[0]}))
    if row.body_code and row.body_code not in bodies:
        found.append(
            Fault("unknown_body", "body_code", _("没有这个单位，或已停用：%(value)s。") % {"value": row.body_code})
        )
    if row.body_kind and row.body_kind not in kinds:
        found.append(Fault("unknown_choice", "body_kind", _("没有这类单位：%(value)s。") % {"value": row.body_kind}))
    return found


def review(rows: Sequence[Row], classes: Iterable[tuple[str, str]]) -> Review:
    """Which matters two nets claim, or none; which have no responsible body; which classes of cases nobody manages."""
    prefixes = tuple({p for row in rows for p in row.classes.split()})
    return Review(
        several=tuple(r.code for r in rows if len(r.of_nets) > 1),
        none=tuple(r.code for r in rows if not r.of_nets),
        nobody=tuple(r.code for r in rows if not r.body_code and not r.body_kind),
        uncovered=tuple((code, name) for code, name in classes if not code.startswith(prefixes or ("?",))),
    )


def changed(before: Sequence[Row], after: Sequence[Row]) -> tuple[list[Row], list[Row], list[tuple[Row, Row]]]:
    """(added, gone, [(old, new) of those that are not the same]) by code."""
    old, new = {r.code: r for r in before}, {r.code: r for r in after}
    return (
        [r for c, r in new.items() if c not in old],
        [r for c, r in old.items() if c not in new],
        [(old[c], r) for c, r in new.items() if c in old and old[c] != r],
    )
