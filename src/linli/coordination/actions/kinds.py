"""The shipped kinds of summons: versioned rows; a summons keeps the row that it was called by."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from django.db import transaction

from linli.core.actor import Actor
from linli.worktime.rules import Limit, Unit

from ..choices import AnswerMode, Provenance
from ..models import SummonsKind

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "summons_kinds.csv"
NUMBERS = ("amount", "earliest_minutes", "latest_days", "judge_days")
TEXTS = ("name", "name_en", "unit", "mode", "provenance", "source")


def load_kinds(*, actor: Actor, text: str | None = None) -> int:
    """Put the rows of a table in force: one that reads otherwise is a new version, one that is not named any more
    rests. Returns how many are new. Raises ValueError for a row that says something impossible."""
    rows = list(csv.DictReader(io.StringIO(SHIPPED.read_text(encoding="utf-8") if text is None else text)))
    wanted = {row["code"]: _checked(row) for row in rows}
    with transaction.atomic():
        standing = {k.code: k for k in SummonsKind.objects.filter(in_force=True)}
        fresh = [c for c, v in wanted.items() if c not in standing or _values(standing[c]) != v]
        gone = [k.pk for c, k in standing.items() if c in fresh or c not in wanted]
        SummonsKind.objects.filter(pk__in=gone).update(in_force=False)
        for code in fresh:
            number = SummonsKind.objects.filter(code=code).count() + 1
            SummonsKind.objects.create(code=code, number=number, **wanted[code])
    return len(fresh)


def _checked(row: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {n: int(row[n]) for n in NUMBERS} | {n: row[n].strip() for n in TEXTS}
    Limit(values["amount"], Unit(values["unit"]))
    if not values["name"] or values["mode"] not in AnswerMode.values or values["provenance"] not in Provenance.values:
        raise ValueError(f"summons kind {row['code']}: {row}")
    return values


def _values(kind: SummonsKind) -> dict[str, Any]:
    return {n: getattr(kind, n) for n in (*NUMBERS, *TEXTS)}
