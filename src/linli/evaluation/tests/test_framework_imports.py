"""A tree leaves as a workbook and comes back the same; a wrong one is refused row by row and changes nothing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from openpyxl import load_workbook

from linli.core.actor import SYSTEM, Actor, Post
from linli.core.errors import Invalid
from linli.evaluation.actions import frameworks as write
from linli.evaluation.actions import load
from linli.evaluation.framework_imports import FrameworkImporter, columns, row_of, values_of
from linli.evaluation.models import Framework
from linli.evaluation.queries import frameworks as read
from linli.exchange import actions as exchange
from linli.exchange import importers, queries
from linli.exchange.writing import Sheet, write_xlsx

pytestmark = pytest.mark.django_db

ANALYST = Actor("person", 1, "分析员", (Post(1, "analyst", "110102"),))
KIND = FrameworkImporter.kind
STATISTICS = Path(settings.PACK).parent / "statistics"


@pytest.fixture(autouse=True)
def shipped() -> None:
    load.load_units(actor=SYSTEM, folder=STATISTICS)
    load.load_series(actor=SYSTEM, folder=STATISTICS)
    write.load_frameworks(actor=SYSTEM)
    importers.register(FrameworkImporter())


def table(family: str = "provinces") -> list[dict[str, Any]]:
    newest = Framework.objects.filter(family=family).latest("edition")
    return [values_of(family, r) for r in read.rows_of(newest.pk)]


def workbook(rows: list[dict[str, Any]]) -> bytes:
    stream = io.BytesIO()
    write_xlsx([Sheet("体系", columns(), rows)], stream)
    return stream.getvalue()


def taken(rows: list[dict[str, Any]]) -> Any:
    upload = exchange.take(actor=ANALYST, kind=KIND, data=workbook(rows), name="tree.xlsx")
    return queries.preview(actor=ANALYST, kind=KIND, id=upload.pk)


def test_every_shipped_tree_comes_back_as_it_left() -> None:
    for family in ("provinces", "beijing-districts", "xicheng"):
        found = taken(table(family))
        assert found.plan.refused_count == 0 and found.plan.changes == 0
    rows = read.rows_of(Framework.objects.get(family="provinces").pk)
    assert [row_of(values_of("provinces", r)) for r in rows] == rows


def test_a_changed_table_becomes_the_draft_and_can_be_undone() -> None:
    rows = [r for r in table() if r["code"] != "unemployment"]
    rows[1]["name"] = "党建引领"
    found = taken(rows)
    assert found.plan.refused_count == 0 and len(found.plan.changed) == 1
    assert any("城镇登记失业率" in note for note in FrameworkImporter().notes(found.rows, found.plan))
    done = exchange.confirm(actor=ANALYST, kind=KIND, id=found.upload.pk, expected=FrameworkImporter().revision())
    draft = Framework.objects.get(family="provinces", state="draft")
    kept = read.rows_of(draft.pk)
    assert kept[1].name == "党建引领" and "unemployment" not in {r.code for r in kept}
    assert read.rows_of(Framework.objects.get(family="provinces", edition=1).pk)[1].name == "党的建设"
    exchange.undo(actor=ANALYST, kind=KIND, id=done.pk)
    assert not Framework.objects.filter(state="draft").exists()


@pytest.mark.parametrize(
    ("code", "values", "refused"),
    [
        ("services", {"weight": 99}, "weight_sum"),
        ("education_spending", {"numerator": "nobody"}, "series_unknown"),
        ("education_spending", {"numerator": "platform_cases"}, "platform_series"),
        ("education_spending", {"numerator": "population_census", "denominator": "population_resident"}, "calibre_mixed"),
        ("services", {"parent": "education_spending"}, "parent_unknown"),
        ("index", {"parent": "services"}, "cycle"),
        ("services", {"name": "", "code": "services"}, "required"),
        ("services", {"kind": "叶子"}, "not_a_choice"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_refused_by_row(code: str, values: dict[str, Any], refused: str) -> None:
    rows = table()
    next(r for r in rows if r["code"] == code).update(values)
    found = taken(rows)
    assert refused in {r.code for r in found.plan.refused}
    with pytest.raises(Invalid):
        exchange.confirm(actor=ANALYST, kind=KIND, id=found.upload.pk, expected=FrameworkImporter().revision())
    assert not Framework.objects.filter(state="draft").exists()


def test_a_node_with_two_parents_is_refused() -> None:
    rows = table()
    again = {**next(r for r in rows if r["code"] == "park_green"), "parent": "services"}
    assert {"two_parents", "row_twice"} & {r.code for r in taken([*rows, again]).plan.refused}


def test_a_family_that_nobody_knows_is_refused() -> None:
    rows = [{**r, "family": "nobody"} for r in table()]
    assert {r.code for r in taken(rows).plan.refused} == {"no_such_framework"}


def test_the_workbook_holds_every_column() -> None:
    book = load_workbook(io.BytesIO(workbook(table())))
    heads = [c.value for c in book["体系"][1]]
    assert heads == [c.heading for c in columns()] and book.sheetnames[-1] == "说明"
