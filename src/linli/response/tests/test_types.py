"""Matter types as versioned data: drafts, publishing today and later, ending, restoring, two editors at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from linli.accounts.models import Audit
from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.flow.models import TypeVersion
from linli.response import actions, queries
from linli.response.actions import sheets, types
from linli.response.models import CaseClass, LadderRule, StageLimit, SteeringSheet
from linli.response.queries import types as reads

pytestmark = pytest.mark.django_db


def states(code: str = "0102") -> list[str]:
    rows = CaseClass.objects.filter(code=code).order_by("number").values_list("type_version__state", flat=True)
    return list(rows)


@pytest.fixture
def editor(district: Any) -> Any:
    return district.actor("administrator")


def begun(editor: Any, code: str = "0102", **change: str) -> CaseClass:
    """A draft of a type with some columns changed."""
    draft = types.new_draft(actor=editor, code=code)
    row = {**reads.row_of(draft), **change}
    return types.change_draft(actor=editor, code=code, expected=draft.revision, row=row)


def test_a_draft_changes_nothing_until_it_is_published(editor, reported) -> None:  # type: ignore[no-untyped-def]
    before = reported()
    draft = begun(editor, name="生活垃圾外露", handle_amount="3")
    assert states() == ["published", "draft"] and draft.number == 2 and draft.revision == 1
    assert queries.class_by_code("0102").name_zh == "暴露垃圾"
    types.publish(actor=editor, code="0102", expected=1, note="街道核定")
    assert states() == ["retired", "published"]
    after = reported()
    assert queries.class_of(before).name_zh == "暴露垃圾" and queries.class_of(after).name_zh == "生活垃圾外露"
    assert after.matter.final_due_at > before.matter.final_due_at
    line = Audit.objects.filter(target="type:0102").latest("pk")
    assert '"change":"publish"' in line.body and line.actor == editor.label


def test_a_later_day_takes_effect_by_itself(editor, reported, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    draft = begun(editor, name="生活垃圾外露")
    day = clock.today() + timedelta(days=2)
    types.publish(actor=editor, code="0102", expected=draft.revision, on=day)
    assert types.take_effect() == 0 and states() == ["published", "draft"]
    with pytest.raises(Conflict) as refused:
        types.change_draft(actor=editor, code="0102", expected=2, row=reads.row_of(draft))
    assert refused.value.code == "draft_settled"
    monkeypatch.setattr(clock, "today", lambda: day)
    assert types.take_effect() == 1 and types.take_effect() == 0
    assert states() == ["retired", "published"] and queries.class_by_code("0102").name_zh == "生活垃圾外露"
    old, new = TypeVersion.objects.filter(kind="case", code="0102").order_by("pk")
    assert old.valid_to == new.valid_from == day and new.valid_to is None


def test_a_settled_draft_can_be_taken_back(editor) -> None:  # type: ignore[no-untyped-def]
    draft = begun(editor, name="生活垃圾外露")
    types.publish(actor=editor, code="0102", expected=draft.revision, on=clock.today() + timedelta(days=2))
    types.withdraw(actor=editor, code="0102", expected=2)
    types.discard(actor=editor, code="0102", expected=3)
    assert states() == ["published"] and not TypeVersion.objects.filter(code="0102", state="draft").exists()


def test_the_second_editor_is_told_who_was_first(editor, district) -> None:  # type: ignore[no-untyped-def]
    draft = types.new_draft(actor=editor, code="0102")
    row = reads.row_of(draft)
    types.change_draft(actor=editor, code="0102", expected=0, row={**row, "name": "甲"})
    with pytest.raises(Conflict) as refused:
        types.change_draft(actor=editor, code="0102", expected=0, row={**row, "name": "乙"})
    assert refused.value.code == "draft_changed" and refused.value.details["first"] == editor.label
    with pytest.raises(Conflict):
        types.publish(actor=editor, code="0102", expected=0)
    with pytest.raises(Conflict) as second:
        types.new_draft(actor=editor, code="0102")
    assert second.value.code == "draft_exists"
    assert CaseClass.objects.get(code="0102", type_version__state="draft").name == "甲"


def test_all_faults_are_said_at_their_fields(editor) -> None:  # type: ignore[no-untyped-def]
    draft = types.new_draft(actor=editor, code="0102")
    row = {
        **reads.row_of(draft),
        "object": "person",
        "without": "pass",
        "chosen": "spare",
        "samples": "",
        "themes": "H1 X9",
        "handle_amount": "0",
        "limits": "handling:3:working_day",
    }
    with pytest.raises(Invalid) as refused:
        types.change_draft(actor=editor, code="0102", expected=0, row=row)
    assert {"object", "without", "samples", "themes", "handle_amount", "limits"} <= set(refused.value.fields)
    assert reads.row_of(CaseClass.objects.get(pk=draft.pk)) == reads.row_of(draft)


def test_a_new_type_ends_and_comes_back(editor, reported) -> None:  # type: ignore[no-untyped-def]
    row = {**reads.row_of(CaseClass.objects.get(code="0102")), "code": "0197", "name": "餐厨垃圾外溢"}
    types.new_draft(actor=editor, row=row)
    assert queries.class_by_code("0197") is None
    types.publish(actor=editor, code="0197", expected=0)
    case = reported(class_code="0197")
    types.retire(actor=editor, code="0197")
    with pytest.raises(Invalid):
        reported(class_code="0197")
    assert queries.class_of(case).name_zh == "餐厨垃圾外溢"
    again = types.restore(actor=editor, code="0197", number=1)
    types.publish(actor=editor, code="0197", expected=again.revision)
    assert states("0197") == ["retired", "published"] and reported(class_code="0197")
    with pytest.raises(Conflict) as taken:
        types.new_draft(actor=editor, row=row)
    assert taken.value.code == "code_taken"


def test_a_planned_end_can_be_kept_off(editor, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    day = clock.today() + timedelta(days=1)
    types.retire(actor=editor, code="0102", on=day)
    types.keep(actor=editor, code="0102")
    types.retire(actor=editor, code="0103", on=day)
    monkeypatch.setattr(clock, "today", lambda: day)
    assert types.take_effect() == 1
    assert states("0102") == ["published"] and states("0103") == ["retired"]


def test_only_an_administrator_writes(district) -> None:  # type: ignore[no-untyped-def]
    for actor in (RESIDENT, district.actor("chief"), district.actor("dispatcher"), district.actor("operator")):
        for change in (
            lambda a: types.new_draft(actor=a, code="0102"),
            lambda a: types.retire(actor=a, code="0102"),
            lambda a: types.restore(actor=a, code="0102", number=1),
            lambda a: sheets.change_sheet(actor=a, sheet="ladder", expected=1, rows=[]),
        ):
            with pytest.raises(Forbidden):
                change(actor)
    for actor in (RESIDENT, district.actor("operator")):
        with pytest.raises(Forbidden):
            reads.versions(actor, "0102")
    with pytest.raises(Missing):
        types.retire(actor=SYSTEM, code="9999")


def test_a_pack_does_not_overrule_people(editor) -> None:  # type: ignore[no-untyped-def]
    draft = begun(editor, name="生活垃圾外露")
    types.publish(actor=editor, code="0102", expected=draft.revision)
    rows = reads.sheet_rows("ladder")[:3]
    sheets.change_sheet(actor=editor, sheet="ladder", expected=1, rows=rows)
    assert actions.load_catalogue(actor=SYSTEM) == 0
    assert queries.class_by_code("0102").name_zh == "生活垃圾外露" and LadderRule.objects.count() == 3


# --- limits and the ladder ------------------------------------------------------------------------------
def test_a_sheet_is_replaced_as_a_whole_and_restored(editor) -> None:  # type: ignore[no-untyped-def]
    rows = reads.sheet_rows("limits")
    assert SteeringSheet.objects.get(sheet="limits").number == 1 and len(rows) == 40
    changed = [{**r, "amount": "7"} if r["stage"] == "contact" else r for r in rows]
    made = sheets.change_sheet(actor=editor, sheet="limits", expected=1, rows=changed, note="街道会议")
    assert made.number == 2 and StageLimit.objects.get(stage="contact", urgency="ordinary").amount == 7
    with pytest.raises(Conflict) as refused:
        sheets.change_sheet(actor=editor, sheet="limits", expected=1, rows=rows)
    assert refused.value.code == "sheet_changed" and refused.value.details["first"] == editor.label
    sheets.restore_sheet(actor=editor, sheet="limits", expected=2, number=1)
    assert reads.sheet_rows("limits") == rows and SteeringSheet.objects.filter(sheet="limits").count() == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"trigger": "full_moon"}, "trigger"),
        ({"unit": "working_day"}, "unit"),
        ({"amount": "100"}, "amount"),
        ({"stage": "ended", "act": "remind"}, "stage"),
        ({"stage": "nowhere"}, "stage"),
        ({"act": "sing"}, "act"),
        ({"provenance": "hearsay"}, "provenance"),
        ({"source": ""}, "source"),
        ({"trigger": "returns", "unit": "percent"}, "unit"),
    ],
)
def test_a_bad_rung_is_refused_at_its_row_and_field(editor, change: dict[str, str], field: str) -> None:  # type: ignore[no-untyped-def]
    rows = reads.sheet_rows("ladder")
    rows[0] = {**rows[0], **change}
    with pytest.raises(Invalid) as refused:
        sheets.change_sheet(actor=editor, sheet="ladder", expected=1, rows=rows)
    assert f"0.{field}" in refused.value.fields and SteeringSheet.objects.filter(sheet="ladder").count() == 1


def test_every_rung_can_be_said(district) -> None:  # type: ignore[no-untyped-def]
    said = [reads.rung_words(r) for r in reads.sheet_rows("ladder")]
    assert said[0] == "各环节，各类：剩下 20% 的时间时，预警。" and "退单次数到 3 次，提级" in said[10]
