"""What records and programmes there are: data that comes with the house and may be brought anew."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from django.db import transaction

from linli.core.actor import Actor

from .. import permissions
from ..models import Programme, RecordKind

DATA = Path(__file__).resolve().parent.parent / "data"


def load_kinds(*, actor: Actor) -> int:
    """The kinds of records and the programmes of data/*.csv; entries stay. Returns how many rows."""
    permissions.can_keep_catalogue(actor, "").or_forbidden()
    kinds, programmes = _table("record_kinds.csv"), _table("programmes.csv")
    with transaction.atomic():
        for row in kinds:
            fields: dict[str, Any] = {k: row[k] for k in ("name", "name_en", "value", "unit", "provenance", "source")}
            fields |= {"order": int(row["order"]), "least": int(row["least"]) if row["least"] else None}
            RecordKind.objects.update_or_create(code=row["code"], defaults=fields)
        for row in programmes:
            criteria = [
                dict(zip(("code", "name", "name_en"), c.split("="), strict=True)) for c in row["criteria"].split(";")
            ]
            about: dict[str, Any] = {k: row[k] for k in ("name", "name_en", "provenance", "source")}
            about |= {"order": int(row["order"]), "criteria": criteria}
            Programme.objects.update_or_create(code=row["code"], defaults=about)
    return len(kinds) + len(programmes)


def _table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
