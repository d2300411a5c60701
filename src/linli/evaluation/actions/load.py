"""What a folder of statistics fills: units, series, publications, and the files themselves through the same reading
code as people's uploads. All may be repeated.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.errors import Invalid

from .. import permissions
from ..models import Publication, Series, SeriesName, Unit, UnitChange, UnitName
from ..rules import plain_name

Progress = Callable[[int, int, str], None]
UNIT_FILES = ("units.csv", "unit_names.csv", "unit_changes.csv")
SERIES_FILES = ("series.csv", "series_names.csv")
PUBLICATION_FILES = ("publications.csv",)
MANIFEST = "deliveries.json"


def _table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _year(text: str) -> int | None:
    return int(text) if text else None


def load_units(*, actor: Actor, folder: Path) -> int:
    """Units, their names and changes of units.csv, unit_names.csv, unit_changes.csv. Returns how many units.

    Names that people added on a page stay. Raises Forbidden, Invalid (unknown_unit).
    """
    permissions.can_work(actor).or_forbidden()
    rows, names, changes = (_table(folder, name) for name in UNIT_FILES)
    known = {r["code"] for r in rows}
    if strange := sorted({n["code"] for n in names} - known):
        text = _("名称表里有不认识的代码：%(codes)s。") % {"codes": "、".join(strange[:10])}
        raise Invalid("unknown_unit", text, fields={"unit_names.csv": [text]})
    with transaction.atomic():
        ids: dict[str, int] = {}
        for row in rows:
            labels = json.loads(row["labels"]) if row["labels"] else {}
            fields: dict[str, Any] = {
                k: row[k] for k in ("level", "parent", "name", "short", "name_en", "provenance", "source")
            }
            fields |= {
                "order": int(row["order"]), "labels": labels, "since": _year(row["since"]), "until": _year(row["until"]),
            }  # fmt: skip
            ids[row["code"]] = Unit.objects.update_or_create(code=row["code"], defaults=fields)[0].pk
        for row in names:
            UnitName.objects.update_or_create(
                unit_id=ids[row["code"]], plain=plain_name(row["text"]),
                defaults={k: row[k] for k in ("text", "kind", "source")},
            )  # fmt: skip
        for row in changes:
            UnitChange.objects.update_or_create(
                event=row["event"], before=row["before"], after=row["after"], on=date.fromisoformat(row["on"]),
                defaults={k: row[k] for k in ("note", "provenance", "source")},
            )  # fmt: skip
    return len(rows)


def load_series(*, actor: Actor, folder: Path) -> int:
    """Series and their headings of series.csv, series_names.csv. Returns how many series. Raises Forbidden, Invalid."""
    permissions.can_work(actor).or_forbidden()
    rows, names = (_table(folder, name) for name in SERIES_FILES)
    known = {r["code"] for r in rows} | set(Series.objects.values_list("code", flat=True))
    asked = {n["code"] for n in names} | {p for r in rows for p in r["parts"].split()}
    if strange := sorted(asked - known):
        text = _("没有这些序列：%(codes)s。") % {"codes": "、".join(strange[:10])}
        raise Invalid("unknown_series", text, fields={"series.csv": [text]})
    with transaction.atomic():
        for order, row in enumerate(rows):
            fields: dict[str, Any] = {
                k: row[k] for k in ("concept", "name", "name_en", "symbol", "calibre", "calibre_name", "definition",
                                    "origin", "provenance", "source")
            }  # fmt: skip
            fields |= {"adds_up": row["adds_up"] == "yes", "parts": row["parts"].split(), "order": order}
            Series.objects.update_or_create(code=row["code"], defaults=fields)
        ids = dict(Series.objects.values_list("code", "pk"))
        for row in names:
            SeriesName.objects.update_or_create(
                plain=plain_name(row["text"]),
                defaults={"series_id": ids[row["code"]], "text": row["text"], "source": row["source"]},
            )
    return len(rows)


def load_publications(*, actor: Actor, folder: Path) -> int:
    """Publications of publications.csv. Returns how many. Raises Forbidden."""
    permissions.can_work(actor).or_forbidden()
    rows = _table(folder, PUBLICATION_FILES[0])
    with transaction.atomic():
        for row in rows:
            fields = {k: row[k] for k in ("title", "title_en", "publisher", "licence", "note")}
            Publication.objects.update_or_create(code=row["code"], defaults=fields)
    return len(rows)


def load_statistics(*, actor: Actor, folder: Path, progress: Progress | None = None) -> int:
    """The files that deliveries.json lists, each as one delivery; a file that is in force already is passed over.

    Returns how many were applied. Raises Forbidden, Invalid: a shipped file in which a cell is refused is a fault of the
    pack, and nothing of that file is applied.
    """
    from . import deliveries

    permissions.can_work(actor).or_forbidden()
    listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    done = 0
    for i, item in enumerate(listed):
        if progress:
            progress(i, len(listed), item["file"])
        done += deliveries.apply_shipped(actor=actor, path=folder / "files" / item["file"], about=item)
    return done
