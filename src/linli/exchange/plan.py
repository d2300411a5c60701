"""What a table would change, row by row: new, changed, retired, unchanged. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from .columns import Column, Refused, said, shown
from .reading import Row


@dataclass(frozen=True, slots=True)
class Change:
    """One row that is there already and would be different: (column, value now, value then) of each difference."""

    number: int
    name: str
    differences: tuple[tuple[Column, Any, Any], ...]

    @property
    def words(self) -> list[tuple[str, str, str]]:
        """(heading, now, then) in the reader's language."""
        return [(c.heading, said(c, a), said(c, b)) for c, a, b in self.differences]


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen. With any refusal nothing may be confirmed."""

    new: tuple[Row, ...]
    changed: tuple[Change, ...]
    retired: tuple[tuple[str, Mapping[str, Any]], ...]
    same: int
    refused: tuple[Refused, ...]
    refused_count: int

    @property
    def changes(self) -> int:
        return len(self.new) + len(self.changed) + len(self.retired)


def plan(
    *,
    columns: Sequence[Column],
    rows: Sequence[Row],
    current: Mapping[str, Mapping[str, Any]],
    key: Callable[[Mapping[str, Any]], str],
    name: Callable[[Mapping[str, Any]], str],
    found: Sequence[str] = (),
    refused: Sequence[Refused] = (),
    refused_count: int | None = None,
    retires: bool = True,
) -> Plan:
    """Compare `rows` with what stands now (`current`, by key). Columns absent from the file are not compared.

    A key said twice is refused where it is said again. With `retires` what the file does not name would be retired.
    """
    compared = [c for c in columns if c.compared and (not found or c.key in found)]
    wrong = list(refused)
    bad = {r.row for r in refused}
    seen: dict[str, int] = {}
    new: list[Row] = []
    changed: list[Change] = []
    same = 0
    for row in rows:
        k = key(row.values)
        if k in seen:
            sentence = _("和第 %(row)s 行重复。") % {"row": seen[k]}
            wrong.append(Refused(row.number, "", shown(name(row.values)), sentence, "row_twice"))
            continue
        seen[k] = row.number
        if row.number in bad:
            continue
        now = current.get(k)
        if now is None:
            new.append(row)
            continue
        differences = tuple((c, now.get(c.key), v) for c in compared if (v := row.values.get(c.key)) != now.get(c.key))
        if differences:
            changed.append(Change(row.number, name(row.values), differences))
        else:
            same += 1
    gone = tuple((name(v), v) for k, v in current.items() if k not in seen) if retires else ()
    extra = len(wrong) - len(refused)
    return Plan(
        tuple(new),
        tuple(changed),
        gone,
        same,
        tuple(sorted(wrong, key=lambda r: r.row)),
        (len(refused) if refused_count is None else refused_count) + extra,
    )
