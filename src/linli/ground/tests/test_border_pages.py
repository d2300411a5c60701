"""The pages of a change of borders: what is typed is kept, what is wrong is said at its place, two people do not overwrite each other."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.ground.actions import changes
from linli.ground.choices import ChangeKind
from linli.ground.mapping import Line
from linli.ground.models import ChangeLine, GroundChange
from linli.territory import queries as territory
from linli.testing.fixtures import Cast

FROM, INTO = "110102018", "110102012"


@pytest.fixture
def admin(district: Cast) -> Client:
    return district.client("administrator")


@pytest.fixture
def draft(admin: Client) -> GroundChange:
    answer = admin.post(reverse("ground:change-new"), {"name": "并街道 〔2026〕1号"})
    assert answer.status_code == 302
    return GroundChange.objects.select_related("matter").get()


def send(client: Client, change: GroundChange, do: str, lines: list[Line] | None = None, **more: Any) -> Any:
    """The form as the browser sends it."""
    version = (
        more.pop("version", None) or GroundChange.objects.select_related("matter").get(pk=change.pk).matter.version
    )
    data: dict[str, Any] = {"do": do, "version": version, "rows": len(lines or []) + 1, **more}
    for n, x in enumerate(lines or [], 1):
        data |= {f"kind-{n}": x.kind, f"old-{n}": x.old, f"new-{n}": x.new, f"name-{n}": x.name}
    return client.post(reverse("ground:change-lines", args=[change.pk]), data)


def lines_of(change: GroundChange) -> list[tuple[str, str, str]]:
    return list(ChangeLine.objects.filter(change=change).order_by("order").values_list("kind", "old", "new"))


def test_a_merge_is_one_press_and_shows_what_follows(admin: Client, draft: GroundChange) -> None:
    assert send(admin, draft, "op-merge", merge_code=FROM, merge_into=INTO).status_code == 302
    assert lines_of(draft) == [("merge", FROM, INTO)]
    page = admin.get(reverse("ground:change", args=[draft.pk])).content.decode()
    for said in ("会有什么跟着变", "提请批准", FROM, "编码对照", "border-map"):
        assert said in page
    picture = json.loads(admin.get(reverse("ground:change-picture", args=[draft.pk])).content)
    assert {f["properties"]["code"] for f in picture["before"]["features"]} >= {FROM, INTO}
    assert FROM not in {f["properties"]["code"] for f in picture["after"]["features"]}
    assert [f["properties"]["from"] for f in picture["moved"]["features"]] == [FROM]
    table = b"".join(admin.get(reverse("ground:change-codes-csv", args=[draft.pk])).streaming_content).decode()  # type: ignore[attr-defined]
    assert FROM in table and len(table.splitlines()) > 50
    book = admin.get(reverse("ground:change-codes-xlsx", args=[draft.pk]))
    assert book.status_code == 200 and b"".join(book.streaming_content)[:2] == b"PK"  # type: ignore[attr-defined]


def test_a_new_subdistrict_takes_communities_under_proposed_codes(admin: Client, draft: GroundChange) -> None:
    two = [d.code for d in territory.divisions(12, FROM)][:2] + [d.code for d in territory.divisions(12, INTO)][:1]
    answer = send(admin, draft, "op-transfer", communities=two, transfer_into="new", new_name="新街道", new_code="")
    assert answer.status_code == 302
    found = lines_of(draft)
    made = next(new for kind, _old, new in found if kind == "new")
    assert made not in {d.code for d in territory.divisions(9)} and len(made) == 9
    moved = [(old, new) for kind, old, new in found if kind == "move"]
    assert {old for old, _new in moved} == set(two) and all(new.startswith(made) for _old, new in moved)
    assert len({new for _old, new in moved}) == 3
    page = admin.get(reverse("ground:change", args=[draft.pk])).content.decode()
    assert "新设" in page and "部分划入" in page


def test_a_border_moves_by_cells_and_names_are_looked_up(admin: Client, draft: GroundChange) -> None:
    community, other = [d.code for d in territory.divisions(12, FROM) if territory.grid_codes(d.code)][:2]
    cells = territory.grid_codes(community)[:2]
    into = f"{other} {territory.division_name(other)}"
    assert send(admin, draft, "op-border", cells="、".join(cells), cells_into=into).status_code == 302
    assert lines_of(draft) == [("cell", c, other) for c in cells]
    name = territory.division_name(INTO)
    assert send(admin, draft, "op-rename", rename_code=name, rename_name="什刹海新街道").status_code == 302
    assert lines_of(draft)[-1] == ("rename", INTO, INTO)


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(admin: Client, draft: GroundChange) -> None:
    answer = send(admin, draft, "op-merge", [Line("rename", FROM, "", "牛街新街道")], merge_code=FROM, merge_into=FROM)
    page = answer.content.decode()
    assert answer.status_code == 422 and "不能并入自己" in page and "牛街新街道" in page
    assert not lines_of(draft)
    twice = [Line("merge", FROM, INTO), Line("rename", FROM, FROM, "牛街新街道")]
    answer = send(admin, draft, "save", twice)
    page = answer.content.decode()
    assert (
        answer.status_code == 422 and "这个编码已在第 1 条里" in page and "牛街新街道" in page and not lines_of(draft)
    )
    answer = send(admin, draft, "save", [Line("merge", "没有这个街道但是名字很长很长很长", INTO)])
    assert answer.status_code == 422 and "没有这个街道但是名字很长很长很长" in answer.content.decode()
    for bad in ({"rows": "999999"}, {"rows": "x"}, {"version": "abc"}, {"do": "drop-999"}, {"do": "op-none"}):
        asked = {
            "do": "save",
            "version": draft.matter.version,
            "rows": "1",
            "kind-1": "merge",
            "old-1": "\x00",
            "new-1": "9" * 40,
        }
        assert admin.post(reverse("ground:change-lines", args=[draft.pk]), {**asked, **bad}).status_code == 422


def test_a_draft_may_be_unfinished_but_not_submitted(admin: Client, draft: GroundChange) -> None:
    assert send(admin, draft, "save", [Line("merge", "110102999", INTO)]).status_code == 302
    page = admin.get(reverse("ground:change", args=[draft.pk])).content.decode()
    assert "现在没有这个编码的区划或网格" in page and "改好以后才能算影响" in page
    version = changes.change_of(draft.pk).matter.version
    url = reverse("ground:change-step", args=[draft.pk, "submit"])
    answer = admin.post(url, {"version": version, "effective_on": clock.today().isoformat()})
    assert answer.status_code == 422 and "现在没有这个编码" in answer.content.decode()
    assert admin.get(reverse("ground:change-picture", args=[draft.pk])).status_code == 404


def test_the_second_of_two_editors_keeps_what_was_typed(admin: Client, district: Cast, draft: GroundChange) -> None:
    seen = changes.change_of(draft.pk).matter.version
    assert send(admin, draft, "save", [Line("rename", INTO, "", "第一人的名")]).status_code == 302
    answer = send(admin, draft, "save", [Line("rename", INTO, "", "第二人的名")], version=seen)
    page = answer.content.decode()
    assert answer.status_code == 409 and "别人先改过这份草稿" in page and "第二人的名" in page
    assert ChangeLine.objects.get().name == "第一人的名"
    again = changes.change_of(draft.pk).matter.version
    assert f'name="version" value="{again}"' in page
    assert send(admin, draft, "save", [Line("rename", INTO, "", "第二人的名")], version=again).status_code == 302
    assert ChangeLine.objects.get().name == "第二人的名"


def test_from_draft_to_its_day_by_two_people(admin: Client, district: Cast, draft: GroundChange) -> None:
    send(admin, draft, "op-rename", rename_code=INTO, rename_name="什刹海新街道")

    def press(client: Client, verb: str, **more: Any) -> Any:
        version = changes.change_of(draft.pk).matter.version
        return client.post(reverse("ground:change-step", args=[draft.pk, verb]), {"version": version, **more})

    assert press(admin, "submit").status_code == 422
    assert press(admin, "submit", effective_on="1999-01-01").status_code == 422
    day = (clock.today() + timedelta(days=5)).isoformat()
    assert press(admin, "submit", effective_on=day).status_code == 302
    assert press(admin, "approve").status_code == 403
    assert "自己提请的改动须由另一人批准" in admin.get(reverse("ground:change", args=[draft.pk])).content.decode()
    chief = district.client("chief")
    assert chief.get(reverse("ground:changes")).status_code == 200
    assert press(chief, "send_back").status_code == 422
    assert press(chief, "send_back", reason="名称再核一下").status_code == 302
    assert "名称再核一下" in admin.get(reverse("ground:change", args=[draft.pk])).content.decode()
    assert press(admin, "submit", effective_on=day).status_code == 302
    assert press(chief, "approve").status_code == 302
    assert press(chief, "begin").status_code == 409
    assert press(chief, "approve").status_code == 409
    assert changes.change_of(draft.pk).matter.stage == "scheduled"
    assert press(admin, "withdraw", reason="不改了").status_code == 302
    assert press(admin, "jump").status_code == 404


def test_who_reads_does_not_write(district: Cast, draft: GroundChange) -> None:
    auditor = district.client("auditor")
    page = auditor.get(reverse("ground:change", args=[draft.pk])).content.decode()
    assert "border-form" not in page
    assert auditor.get(reverse("ground:change-new")).status_code == 403
    assert send(auditor, draft, "save", [Line("merge", FROM, INTO)]).status_code == 403
    worker = district.client("grid-niujie")
    assert worker.get(reverse("ground:changes")).status_code == 403
    assert auditor.get(reverse("ground:change", args=[10**9])).status_code == 404


def test_approvers_find_it_in_their_inbox(admin: Client, district: Cast, draft: GroundChange) -> None:
    from linli.workbench import queries as workbench

    send(admin, draft, "op-rename", rename_code=INTO, rename_name="什刹海新街道")
    change = changes.change_of(draft.pk)
    changes.submit(
        actor=district.actor("administrator"), change=change, version=change.matter.version, effective_on=clock.today()
    )
    page = district.client("chief").get(reverse("workbench:inbox")).content.decode()
    assert draft.name in page and reverse("ground:change", args=[draft.pk]) in page
    assert workbench is not None


def test_the_system_draws_a_grid_change_without_lines(admin: Client) -> None:
    change = changes.open_change(actor=SYSTEM, kind=ChangeKind.BORDERS, name="空的")
    page = admin.get(reverse("ground:change", args=[change.pk])).content.decode()
    assert "还没有写怎样改" in page


def test_the_clock_begins_what_is_due(admin: Client, district: Cast, draft: GroundChange) -> None:
    from linli.config import wiring

    send(admin, draft, "op-rename", rename_code=INTO, rename_name="什刹海新街道")
    change = changes.change_of(draft.pk)
    changes.submit(
        actor=district.actor("administrator"), change=change, version=change.matter.version, effective_on=clock.today()
    )
    change = changes.change_of(draft.pk)
    changes.approve(actor=district.actor("chief"), change=change, version=change.matter.version)
    wiring.borders()
    assert changes.change_of(draft.pk).matter.stage == "carrying"
    page = admin.get(reverse("ground:change", args=[draft.pk])).content.decode()
    assert "progress" in page and admin.get(reverse("ground:change-progress", args=[draft.pk])).status_code == 200
