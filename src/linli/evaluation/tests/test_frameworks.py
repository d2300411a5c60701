"""What ships, drafts and their publication: nothing wrong gets out, nothing published changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from linli.core.actor import SYSTEM, Actor, Post
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.evaluation.actions import frameworks as write
from linli.evaluation.actions import load
from linli.evaluation.models import Framework, FrameworkNode, Series
from linli.evaluation.queries import frameworks as read
from linli.evaluation.trees import Row

pytestmark = pytest.mark.django_db

ANALYST = Actor("person", 1, "分析员", (Post(1, "analyst", "110102"),))
STATISTICS = Path(settings.PACK).parent / "statistics"
READER = Actor("person", 2, "调度员", (Post(2, "dispatcher", "110102"),))


@pytest.fixture
def shipped() -> list[str]:
    """The series and units of the statistics that ship, and the frameworks."""
    load.load_units(actor=SYSTEM, folder=STATISTICS)
    load.load_series(actor=SYSTEM, folder=STATISTICS)
    return write.load_frameworks(actor=SYSTEM)


def by_family(family: str) -> read.FrameworkView:
    return read.framework(actor=ANALYST, framework_id=Framework.objects.filter(family=family).latest("edition").pk)


def drafted(family: str = "provinces") -> read.FrameworkView:
    new = write.start_draft(actor=ANALYST, framework_id=by_family(family).id)
    return read.framework(actor=ANALYST, framework_id=new)


def test_what_ships_loads_once_and_has_no_fault(shipped: list[str]) -> None:
    assert shipped == ["provinces-1", "beijing-districts-1", "xicheng-1"]
    assert write.load_frameworks(actor=SYSTEM) == []
    for view in read.frameworks(actor=READER):
        found = read.framework(actor=READER, framework_id=view.id)
        assert [str(t) for t in read.problems(found) if t.stops] == []
        assert all(r.source and r.provenance for r in found.rows)
    six = [r.name for r in by_family("provinces").rows if r.kind == "part"]
    assert six == ["党的建设", "社会服务", "社会管理", "社会动员", "社会环境", "社会关系"]


def test_the_district_index_has_a_name_and_a_purpose_of_its_own(shipped: list[str]) -> None:
    own, official = by_family("xicheng"), by_family("provinces")
    assert (own.purpose, own.level, own.within) == ("district", "subdistrict", "110102")
    assert official.purpose == "comprehensive" and own.name != official.name
    assert {r.code for r in own.rows} & {r.code for r in official.rows} <= {"index", "services"}


def test_a_part_without_data_is_absent(shipped: list[str]) -> None:
    view = by_family("provinces")
    covered = read.coverage(view)
    assert [r.name for r in read.absent_parts(view, covered)] == [r.name for r in view.rows if r.kind == "part"]
    assert len(read.provisional_parts(view)) == 6


def test_another_content_needs_another_edition(shipped: list[str], tmp_path: Path) -> None:
    for path in write.framework_files():
        (tmp_path / path.name).write_text(
            path.read_text(encoding="utf-8").replace("党的建设", "别的"), encoding="utf-8"
        )
    with pytest.raises(Conflict) as refused:
        write.load_frameworks(actor=SYSTEM, folder=tmp_path)
    assert refused.value.code == "edition_used"


def test_a_pack_that_names_an_unknown_series_is_refused_whole(shipped: list[str], tmp_path: Path) -> None:
    Framework.objects.all().delete()
    for path in write.framework_files():
        text = path.read_text(encoding="utf-8").replace("park_green_per_capita", "nobody")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        write.load_frameworks(actor=SYSTEM, folder=tmp_path)
    assert refused.value.code == "bad_framework" and "nobody" in str(refused.value.fields)
    assert not Framework.objects.exists()


def test_only_analysts_write_and_only_insiders_see_drafts(shipped: list[str]) -> None:
    for actor in (READER, Actor("token", 1, "程序", ANALYST.posts)):
        with pytest.raises(Forbidden):
            write.start_draft(actor=actor, framework_id=by_family("provinces").id)
    draft = drafted()
    assert draft.id not in [f.id for f in read.frameworks(actor=READER)]
    with pytest.raises(Missing):
        read.framework(actor=READER, framework_id=draft.id)


def test_a_draft_is_one_a_family_and_has_the_same_rows(shipped: list[str]) -> None:
    draft = drafted()
    assert (
        draft.rows
        == read.framework(actor=ANALYST, framework_id=Framework.objects.get(family="provinces", edition=1).pk).rows
    )
    assert draft.edition == 2 and draft.scenario["normalise"]["base"] == "pooled"
    with pytest.raises(Conflict) as refused:
        write.start_draft(actor=ANALYST, framework_id=draft.id)
    assert refused.value.code == "draft_there"


def test_a_published_edition_does_not_change(shipped: list[str]) -> None:
    view = by_family("provinces")
    for call in (
        lambda: write.put_row(actor=ANALYST, framework_id=view.id, version=view.version, row=view.rows[1], was="party"),
        lambda: write.drop_row(actor=ANALYST, framework_id=view.id, version=view.version, code="unemployment"),
        lambda: write.drop_draft(actor=ANALYST, framework_id=view.id),
        lambda: write.publish(actor=ANALYST, framework_id=view.id, version=view.version),
    ):
        with pytest.raises(Conflict) as refused:
            call()
        assert refused.value.code == "not_draft"


def test_rows_of_a_draft_are_added_changed_and_dropped(shipped: list[str]) -> None:
    draft = drafted()
    new = Row("noise", "environment", "indicator", "噪声达标率", symbol="%", source="自拟")
    write.put_row(actor=ANALYST, framework_id=draft.id, version=draft.version, row=new)
    rows = read.rows_of(draft.id)
    at = [r.code for r in rows].index("noise")
    assert rows[at + 1].code == "relations" and rows[at - 1].parent == "environment"
    write.put_row(actor=ANALYST, framework_id=draft.id, version=2, row=replace(rows[1], code="leading"), was="party")
    assert {r.parent for r in read.rows_of(draft.id) if r.code.startswith("party_")} == {"leading"}
    with pytest.raises(Invalid):
        write.drop_row(actor=ANALYST, framework_id=draft.id, version=3, code="leading")
    write.drop_row(actor=ANALYST, framework_id=draft.id, version=3, code="noise")
    assert "noise" not in {r.code for r in read.rows_of(draft.id)}
    orders = list(FrameworkNode.objects.filter(framework=draft.id).order_by("order").values_list("order", flat=True))
    assert orders == list(range(1, len(orders) + 1))


def test_whoever_saw_an_older_draft_is_told(shipped: list[str]) -> None:
    draft = drafted()
    row = draft.rows[2]
    write.put_row(actor=ANALYST, framework_id=draft.id, version=1, row=replace(row, name="甲"), was=row.code)
    with pytest.raises(Conflict) as refused:
        write.put_row(actor=ANALYST, framework_id=draft.id, version=1, row=replace(row, name="乙"), was=row.code)
    assert refused.value.code == "changed_meanwhile"
    assert read.rows_of(draft.id)[2].name == "甲"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"code": "Party"}, "code"), ({"code": "services"}, "code"), ({"name": " "}, "name"), ({"kind": "leaf"}, "kind"),
        ({"parent": ""}, "parent"), ({"weight": -1.0}, "weight"), ({"weight": float("nan")}, "weight"),
        ({"direction": 0}, "direction"), ({"definition": "长" * 601}, "definition"),
    ],
)  # fmt: skip
def test_a_row_that_the_table_cannot_hold_is_refused(shipped: list[str], values: dict[str, object], field: str) -> None:
    draft = drafted()
    row = replace(draft.rows[2], **values)  # type: ignore[arg-type]
    with pytest.raises(Invalid) as refused:
        write.put_row(actor=ANALYST, framework_id=draft.id, version=1, row=row, was="party_private_firms")
    assert field in refused.value.fields


def test_weights_of_99_are_kept_in_a_draft_and_never_published(shipped: list[str]) -> None:
    draft = drafted()
    parts = [r for r in draft.rows if r.kind == "part"]
    for i, (row, weight) in enumerate(zip(parts, (30, 20, 20, 10, 10, 9), strict=True), 1):
        write.put_row(actor=ANALYST, framework_id=draft.id, version=i, row=replace(row, weight=weight), was=row.code)
    with pytest.raises(Invalid) as refused:
        write.publish(actor=ANALYST, framework_id=draft.id, version=7)
    assert refused.value.code == "bad_framework" and "99" in str(refused.value.fields)
    last = replace(parts[-1], weight=10)
    write.put_row(actor=ANALYST, framework_id=draft.id, version=7, row=last, was=last.code)
    write.publish(actor=ANALYST, framework_id=draft.id, version=8)


def test_a_platform_series_never_enters_the_comprehensive_index(shipped: list[str]) -> None:
    Series.objects.create(
        code="own", concept="own", name="本平台的数", origin="platform", symbol="%", provenance="sourced"
    )
    draft = drafted()
    row = next(r for r in draft.rows if r.code == "grid_coverage")
    write.put_row(actor=ANALYST, framework_id=draft.id, version=1, row=replace(row, numerator="own"), was=row.code)
    with pytest.raises(Invalid) as refused:
        write.publish(actor=ANALYST, framework_id=draft.id, version=2)
    assert "本平台" in str(refused.value.fields)


def test_a_new_edition_ends_the_one_before(shipped: list[str]) -> None:
    draft = drafted()
    write.publish(actor=ANALYST, framework_id=draft.id, version=draft.version)
    old = Framework.objects.get(family="provinces", edition=1)
    new = Framework.objects.get(pk=draft.id)
    assert new.state == "published" and new.published_by == "person:1"
    assert old.state == "published" and old.valid_to == new.valid_from - 1
    write.retire(actor=ANALYST, framework_id=old.pk)
    with pytest.raises(Conflict):
        write.retire(actor=ANALYST, framework_id=old.pk)


def test_an_edition_cannot_begin_before_the_one_it_follows(shipped: list[str]) -> None:
    draft = drafted()
    head = write.Head(draft.name, "", 2011, "", "")
    write.change_head(actor=ANALYST, framework_id=draft.id, version=1, head=head)
    with pytest.raises(Invalid) as refused:
        write.publish(actor=ANALYST, framework_id=draft.id, version=2)
    assert refused.value.code == "too_early"
