"""The catalogue of grid matters: what ships, drafts, tables in and out, publication by another, what it leaves open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.exchange.reading import Row as FileRow
from linli.ground import matters
from linli.ground.actions import catalogue
from linli.ground.choices import CatalogueState, Net, Provenance
from linli.ground.matter_imports import GridMatterImporter
from linli.ground.models import GridMatter, GridMatterCatalogue
from linli.ground.queries import matters as reads
from linli.testing.fixtures import Cast


@pytest.fixture
def live(district: Cast) -> GridMatterCatalogue:
    catalogue.load_matters(actor=SYSTEM)
    return GridMatterCatalogue.objects.get(state=CatalogueState.IN_FORCE)


def test_what_ships_is_whole_and_said_to_be_provisional(live: GridMatterCatalogue) -> None:
    rows = catalogue.rows_of(live.pk)
    assert len(rows) == 131 and not catalogue.load_matters(actor=SYSTEM)
    assert all(r.name_en and r.process and r.source for r in rows)
    assert {r.provenance for r in rows} == {Provenance.PROVISIONAL}
    assert not reads.review(live.pk).none
    assert {n for r in rows for n in r.of_nets} == set(Net.values)


def test_never_a_person(live: GridMatterCatalogue) -> None:
    row = GridMatter.objects.filter(catalogue=live)[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        GridMatter.objects.filter(pk=row.pk).update(object="person")
    draft = catalogue.start_draft(actor=SYSTEM)
    with pytest.raises(Invalid) as wrong:
        catalogue.put_row(actor=SYSTEM, draft_id=draft.pk, revision=0, row=matters.Row("X1", "某人", object="person"))
    assert set(wrong.value.fields) == {"object"}


def test_a_draft_is_published_by_another(live: GridMatterCatalogue, district: Cast) -> None:
    admin, chief = district.actor("administrator"), district.actor("chief")
    draft = catalogue.start_draft(actor=admin)
    with pytest.raises(Conflict):
        catalogue.start_draft(actor=admin)
    first = catalogue.rows_of(draft.pk)[0]
    changed = replace(first, nets="")
    catalogue.put_row(actor=admin, draft_id=draft.pk, revision=0, row=changed, was=first.code)
    with pytest.raises(Conflict):
        catalogue.put_row(actor=admin, draft_id=draft.pk, revision=0, row=changed, was=first.code)
    added, gone, fields = reads.difference(live.pk, draft.pk)
    assert (added, gone) == ([], []) and [(str(f[0]), f[2]) for f in fields[0][1]] == [("所属的网", "")]
    assert reads.review(draft.pk).none == (first.code,)
    with pytest.raises(Forbidden) as own:
        catalogue.publish(actor=admin, draft_id=draft.pk, revision=1)
    assert own.value.code == "own_draft"
    catalogue.publish(actor=chief, draft_id=draft.pk, revision=1, note="核定")
    assert GridMatterCatalogue.objects.get(pk=live.pk).state == CatalogueState.RETIRED
    assert GridMatterCatalogue.objects.get(state=CatalogueState.IN_FORCE).pk == draft.pk
    with pytest.raises(Conflict):
        catalogue.put_rows(actor=admin, draft_id=draft.pk, revision=2, rows=[])


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (matters.Row("", "无编码"), "code"),
        (matters.Row("一", "中文编码"), "code"),
        (matters.Row("X1", ""), "name"),
        (matters.Row("X1", "长" * 61), "name"),
        (matters.Row("X1", "网不对", nets="city_management persons"), "nets"),
        (matters.Row("X1", "没有单位", body_code="nowhere"), "body_code"),
        (matters.Row("X1", "没有种类", body_kind="nowhere"), "body_kind"),
        (matters.Row("X1", "主体不对", subject="everybody"), "subject"),
        (matters.Row("X1", "零\x00字节"), "name"),
    ],
)
def test_bad_rows_say_which_field(live: GridMatterCatalogue, row: matters.Row, field: str) -> None:
    draft = catalogue.start_draft(actor=SYSTEM)
    with pytest.raises(Invalid) as wrong:
        catalogue.put_row(actor=SYSTEM, draft_id=draft.pk, revision=0, row=row)
    assert set(wrong.value.fields) == {field}
    assert len(catalogue.rows_of(draft.pk)) == 131


def test_rows_come_and_go(live: GridMatterCatalogue) -> None:
    draft = catalogue.start_draft(actor=SYSTEM)
    catalogue.put_row(actor=SYSTEM, draft_id=draft.pk, revision=0, row=matters.Row("X1", "消防通道"))
    with pytest.raises(Invalid) as used:
        catalogue.put_row(actor=SYSTEM, draft_id=draft.pk, revision=1, row=matters.Row("X1", "又一个"))
    assert used.value.code == "code_used"
    catalogue.drop_row(actor=SYSTEM, draft_id=draft.pk, revision=1, code="X1")
    with pytest.raises(Missing):
        catalogue.drop_row(actor=SYSTEM, draft_id=draft.pk, revision=2, code="X1")
    with pytest.raises(Invalid):
        twice = [matters.Row("X1", "一"), matters.Row("X1", "二")]
        catalogue.put_rows(actor=SYSTEM, draft_id=draft.pk, revision=2, rows=twice)
    catalogue.drop_draft(actor=SYSTEM, draft_id=draft.pk, revision=2)
    assert GridMatterCatalogue.objects.count() == 1


def test_a_table_goes_into_the_draft_and_back(live: GridMatterCatalogue, district: Cast) -> None:
    importer, admin = GridMatterImporter(), district.actor("administrator")
    rows = [FileRow(n, dict(values)) for n, values in enumerate(importer.current().values(), 2)]
    assert importer.check(rows) == []
    rows[0].values["name"] = "改过的名称"  # type: ignore[index]
    before, plan = catalogue.rows_of(live.pk), Any
    memo = importer.apply(actor=admin, rows=rows[:-1], plan=plan)  # type: ignore[arg-type]
    draft = GridMatterCatalogue.objects.get(state=CatalogueState.DRAFT)
    now = catalogue.rows_of(draft.pk)
    assert len(now) == 130 and now[0] == replace(before[0], name="改过的名称") and now[1:] == before[1:-1]
    assert catalogue.rows_of(live.pk) == before
    importer.undo(actor=admin, memo=memo)
    assert not GridMatterCatalogue.objects.filter(state=CatalogueState.DRAFT).exists()
    with pytest.raises(Conflict):
        importer.undo(actor=admin, memo=memo)


def test_what_is_left_open() -> None:
    rows = [
        matters.Row("A", "一", nets="city_management social_service", classes="01", body_code="x"),
        matters.Row("B", "二", classes="02 03", body_kind="y"),
        matters.Row("C", "三", nets="public_security", steps="甲：做：今天\n没有冒号\n：空"),
    ]
    found = matters.review(rows, [("0101", "a"), ("0399", "b"), ("0401", "c")])
    assert (found.several, found.none, found.nobody, found.uncovered) == (("A",), ("B",), ("C",), (("0401", "c"),))
    assert rows[2].process == (("甲", "做", "今天"), ("没有冒号", "", ""))
    assert matters.review([], [("0101", "a")]).uncovered == (("0101", "a"),)
