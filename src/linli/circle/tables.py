"""Catalogue tables as typed rows, and what is wrong with them. Pure: the loader of packs and the importer share it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from .choices import Depth, Layer, Manner, Provenance

CODE = re.compile(r"[0-9A-Z]{2,12}")
YES = frozenset({"yes", "是", "1", "true", ""})


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One row of a catalogue as a table says it. The depth follows from the parents."""

    code: str
    parent: str
    name: str
    name_en: str
    provider: str
    manner: str
    layer: str
    tier: int | None
    walk_m: int | None
    must: bool
    provenance: str
    source: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one row will not do: its place (0 = the first), the field, a stable code and a sentence."""

    place: int
    field: str
    code: str
    sentence: str


def read(text: str) -> list[dict[str, str]]:
    """Rows of a CSV by column, stripped."""
    rows = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    return [{k: (v or "").strip() for k, v in row.items() if k} for row in rows]


def item_rows(rows: Iterable[dict[str, str]]) -> list[ItemRow]:
    """Rows of services.csv or living.csv. What a standard says of the ground area goes with the source.

    Raises ValueError for a number that is none.
    """
    return [
        ItemRow(
            code=r["code"],
            parent=r.get("parent", ""),
            name=r["name"],
            name_en=r.get("name_en", ""),
            provider=r.get("provider", ""),
            manner=r.get("manner") or Manner.WALK,
            layer=r.get("layer", ""),
            tier=_number(r.get("tier", "")),
            walk_m=_number(r.get("walk_m", "")),
            must=r.get("must", "yes").lower() in YES,
            provenance=r["provenance"],
            source=r["source"] + (_("；面积 %(area)s m²") % {"area": r["area_m2"]} if r.get("area_m2") else ""),
        )
        for r in rows
    ]


def problems(rows: Sequence[ItemRow]) -> list[Problem]:
    """Everything that is wrong with the rows of one version: codes, parents, depth, tokens."""
    found: list[Problem] = []
    parents = {r.code: r.parent for r in rows}
    seen: set[str] = set()

    def say(place: int, field: str, code: str, sentence: str) -> None:
        found.append(Problem(place, field, code, sentence))

    for place, row in enumerate(rows):
        if not CODE.fullmatch(row.code):
            say(place, "code", "bad_code", _("编码要写成 2 到 12 位数字或大写字母。"))
        if row.code in seen:
            say(place, "code", "code_twice", _("编码 %(code)s 重复。") % {"code": row.code})
        seen.add(row.code)
        if not row.name:
            say(place, "name", "required", _("名称必须填写。"))
        if row.parent and row.parent not in parents:
            say(place, "parent", "no_parent", _("没有上级 %(code)s。") % {"code": row.parent})
        elif depth_of(row.code, parents) > Depth.SUB_ITEM:
            say(place, "parent", "too_deep", _("最多三层：大类、中类、小类；上级不能绕回自己。"))
        for field, value, known in (
            ("manner", row.manner, Manner.values),
            ("layer", row.layer or Layer.BASIC, Layer.values),
            ("provenance", row.provenance, Provenance.values),
        ):
            if value not in known:
                say(place, field, "not_a_choice", _("不认识的词：%(word)s。") % {"word": str(value)[:40]})
        if row.walk_m is not None and not 1 <= row.walk_m <= 10_000:
            say(place, "walk_m", "bad_cap", _("步行上限要在 1 到 10,000 米之间。"))
    return found


def depth_of(code: str, parents: dict[str, str]) -> int:
    """1 for a class, 2 for an item, 3 for a sub-item; 4 for what lies deeper or in a circle."""
    depth = 1
    while parents.get(code) and depth <= Depth.SUB_ITEM:
        code = parents[code]
        depth += 1
    return depth


def _number(text: str) -> int | None:
    return int(text) if text else None
