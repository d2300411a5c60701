"""The register of personal fields: a versioned table beside this file, compared with every model by a test.

A field that can carry text, bytes, a position, a network address or an account has exactly one row: personal, with
kind, purpose, basis, retention and who sees it; or listed as not personal. Nothing is guessed from names.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import models

from .choices import Basis, Kind, Purpose, Retention, Seen

SOURCE = Path(__file__).with_name("personal_fields.csv")
COLUMNS = ("model", "field", "personal", "kind", "purpose", "basis", "retention", "who_sees")
TELLING = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.BinaryField,
    models.FileField,
    models.GenericIPAddressField,
    models.FloatField,
    models.DecimalField,
)
OUTSIDE = {"contenttypes", "auth"}  # Django's own words about tables; the groups and permissions stay empty here


@dataclass(frozen=True, slots=True)
class Row:
    """One field. Tokens are those of `choices`; `who_sees` may name several; all empty when not personal."""

    model: str
    field: str
    personal: bool
    kind: str
    purpose: str
    basis: str
    retention: str
    who_sees: tuple[str, ...]


@lru_cache(maxsize=1)
def rows() -> tuple[Row, ...]:
    """The whole register, in the order of the file."""
    with SOURCE.open(encoding="utf-8", newline="") as f:
        return tuple(_row(line) for line in csv.DictReader(f))


def _row(line: dict[str, str]) -> Row:
    return Row(
        line["model"],
        line["field"],
        line["personal"] == "yes",
        line["kind"],
        line["purpose"],
        line["basis"],
        line["retention"],
        tuple(filter(None, line["who_sees"].split("+"))),
    )


def telling_fields(known: Iterable[type[models.Model]] | None = None) -> list[tuple[str, str]]:
    """(model, field) of everything that must stand in the register."""
    found = apps.get_models(include_auto_created=True) if known is None else known
    return [
        (model._meta.label, field.name)
        for model in found
        if model._meta.app_label not in OUTSIDE
        for field in model._meta.local_concrete_fields
        if _telling(field)
    ]


def _telling(field: models.Field) -> bool:  # type: ignore[type-arg]
    if field.is_relation:
        return bool(field.related_model and field.related_model._meta.label == settings.AUTH_USER_MODEL)  # type: ignore[union-attr]
    return isinstance(field, TELLING)


def problems() -> list[str]:
    """What is missing, stale, twice or half filled, each as a sentence that says what to write."""
    with SOURCE.open(encoding="utf-8", newline="") as f:
        if next(csv.reader(f)) != list(COLUMNS):
            return [f"{SOURCE.name}: the columns are {','.join(COLUMNS)}"]
    listed = [(r.model, r.field) for r in rows()]
    wanted = telling_fields()
    every = {
        (m._meta.label, f.name) for m in apps.get_models(include_auto_created=True) for f in m._meta.concrete_fields
    }
    said = [
        f"{model}.{name} is not in {SOURCE.name}. Add a line, personal: "
        f"'{model},{name},yes,<kind>,<purpose>,<basis>,<retention>,<who_sees+…>', or not: '{model},{name},no,,,,,'"
        for model, name in wanted
        if (model, name) not in set(listed)
    ]
    said += [
        f"{m}.{n} is in {SOURCE.name} but not in the models: remove the line" for m, n in listed if (m, n) not in every
    ]
    said += [f"{m}.{n} stands twice in {SOURCE.name}" for m, n in sorted({p for p in listed if listed.count(p) > 1})]
    if listed != sorted(listed):
        wrong = next(p for p, q in zip(listed, sorted(listed), strict=True) if p != q)
        said.append(f"{SOURCE.name} is sorted by model and field: {'.'.join(wrong)} is out of place")
    return said + [problem for row in rows() for problem in _half_filled(row)]


def _half_filled(row: Row) -> list[str]:
    known = {"kind": Kind, "purpose": Purpose, "basis": Basis, "retention": Retention}
    where = f"{row.model}.{row.field} in {SOURCE.name}"
    if not row.personal:
        filled = any(getattr(row, c) for c in known) or row.who_sees
        return [f"{where}: not personal, so the other columns stay empty"] if filled else []
    said = [
        f"{where}: {column} {getattr(row, column)!r} is not one of {', '.join(words.values)}"
        for column, words in known.items()
        if getattr(row, column) not in words.values
    ]
    if not row.who_sees or set(row.who_sees) - set(Seen.values):
        said.append(f"{where}: who_sees joins with + some of {', '.join(Seen.values)}")
    return said
