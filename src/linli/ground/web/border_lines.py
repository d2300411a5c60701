"""The draft of borders as its page edits it: rows of lines, and helpers that write several at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from linli.territory import queries as territory

from ..choices import LineKind
from ..forms import cells_in, code_in
from ..mapping import Line, Problem
from ..operations import Desk

OPERATIONS = ("merge", "transfer", "border", "rename")
ASKED = (
    "merge_code", "merge_into", "transfer_into", "new_name", "new_short", "new_code", "cells", "cells_into",
    "rename_code", "rename_name", "rename_short",
)  # fmt: skip


@dataclass(slots=True)
class Row:
    """One line as the table shows it."""

    place: int
    line: Line
    kind_name: Any
    old_name: str
    new_name: str
    errors: dict[str, list[Any]] = field(default_factory=dict)
    warnings: list[Any] = field(default_factory=list)

    @property
    def said(self) -> list[Any]:
        return [s for sentences in self.errors.values() for s in sentences]


@dataclass(slots=True)
class Asked:
    """What was typed into the helpers: kept when something is refused."""

    values: dict[str, str] = field(default_factory=dict)
    communities: tuple[str, ...] = ()
    errors: dict[str, list[Any]] = field(default_factory=dict)
    open: str = ""


def names() -> dict[str, str]:
    """Names in force by code, of divisions and grids (grids have none)."""
    found = {v.code: v.name for level in (9, 12) for v in territory.divisions(level)}
    found |= {v.code: v.name for v in territory.districts()}
    return found | dict.fromkeys(territory.grid_codes(), "")


def rows_of(
    lines: Sequence[Line],
    known: Mapping[str, str],
    problems: Sequence[Problem] = (),
    fields: Mapping[str, Sequence[Any]] | None = None,
) -> list[Row]:
    """Lines with the names of their codes and what is wrong with them."""
    given = {x.new: x.name for x in lines if x.name}
    rows = [
        Row(n, x, LineKind(x.kind).label if x.kind in LineKind.values else "", known.get(x.old, ""), given.get(x.new) or known.get(x.new, ""))
        for n, x in enumerate(lines, 1)
    ]  # fmt: skip
    for p in problems:
        if p.place and p.place <= len(rows):
            row = rows[p.place - 1]
            if p.warning:
                row.warnings.append(p.message)
            else:
                row.errors.setdefault(p.field or "old", []).append(p.message)
    for name, sentences in (fields or {}).items():
        parts = name.split("-")
        if len(parts) == 3 and parts[0] == "line" and parts[1].isdigit() and int(parts[1]) <= len(rows):
            rows[int(parts[1]) - 1].errors[parts[2]] = list(sentences)
    return rows


def asked_in(data: QueryDict) -> Asked:
    """What stands in the helpers."""
    do = data.get("do", "")
    return Asked(
        {name: data.get(name, "").strip() for name in ASKED},
        tuple(c for c in data.getlist("communities") if len(c) == 12),
        open=do[3:] if do.startswith("op-") else "",
    )


def perform(desk: Desk, asked: Asked) -> None:
    """One whole operation onto the lines. Raises Invalid with the helper's own field."""
    v, names = asked.values, desk.names
    if asked.open == "merge":
        desk.merge(code_in(v["merge_code"], names), code_in(v["merge_into"], names))
    elif asked.open == "transfer":
        into = v["transfer_into"]
        desk.transfer(
            asked.communities, "" if into == "new" else into, name=v["new_name"], short_name=v["new_short"], code=v["new_code"]
        )  # fmt: skip
    elif asked.open == "border":
        desk.move_border(cells_in(v["cells"]), code_in(v["cells_into"], names))
    elif asked.open == "rename":
        desk.rename(code_in(v["rename_code"], names), v["rename_name"], v["rename_short"])
