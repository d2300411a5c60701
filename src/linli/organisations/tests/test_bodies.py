"""Bodies: loading whole or not at all, merging without losing anybody's matters, copies that notice changes."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from linli.core.actor import RESIDENT, SYSTEM, Actor, Post
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.organisations import actions, queries, rules
from linli.organisations.models import Body

HEAD = "code,name,short_name,kind,division,provisional,source\n"
GOOD = (
    HEAD
    + "110102-parks,公园管理中心,公园中心,department,110102,1,\n110102018,牛街街道办事处,牛街街道,subdistrict_office,110102018,,\n"
)
OPERATOR = Actor("person", 5, "x", (Post(1, "operator", "110102"),))


def _load(text: str | bytes) -> actions.LoadReport:
    return actions.load_bodies(actor=SYSTEM, data=text if isinstance(text, bytes) else text.encode())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "data", [GOOD.encode(), GOOD.encode("utf-8-sig"), GOOD.encode("gb18030"), GOOD.encode("utf-16"),
             GOOD.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + GOOD.encode()]
)  # fmt: skip
def test_every_usual_encoding_loads(data: bytes) -> None:
    assert _load(data) == actions.LoadReport(2, 0, 0, (), True)
    assert queries.body_by_code("110102018").name == "牛街街道办事处"
    assert _load(data).unchanged == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("110102-parks,名,简,department,110102,1,", "code"),  # written twice
        ("bad code,名,简,department,110102,1,", "code"),
        ("110102-a,,简,department,110102,1,", "name"),
        ("110102-a," + "长" * 81 + ",简,department,110102,1,", "name"),
        ("110102-a,名\u202e称,简,department,110102,1,", "name"),
        ("110102-a,名,简,ministry,110102,1,", "kind"),
        ("110102-a,名,简,department,1101,1,", "division"),
        ("110102-a,名,简,department,１１０１０２,1,", "division"),
        ("110102-a,名,简,department,110102,maybe,", "provisional"),
        ("110102-a,名,简,department,110102,1,," + "多,余", ""),
    ],
)
def test_one_bad_line_keeps_the_whole_file_out(line: str, field: str) -> None:
    report = _load(GOOD + line + "\n")
    assert not report.loaded
    assert [(p.line, p.field) for p in report.problems] == [(4, field)]
    assert not Body.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "data", [b"", b"code,name\n1,2\n", HEAD.encode(), GOOD.encode() + b"\x00", b"\xff\xff\xff\x81"]
)
def test_what_is_no_table_of_bodies_is_refused(data: bytes) -> None:
    report = _load(data)
    assert report.problems and not report.loaded


@pytest.mark.django_db
def test_quoted_newlines_are_one_row() -> None:
    report = _load(HEAD + '110102-a,"公园\n中心",公园,department,110102,1,\n')
    assert [(p.line, p.field) for p in report.problems] == [(3, "name")]


@pytest.mark.django_db
def test_the_pack_loads_and_names_every_subdistrict_and_community() -> None:
    report = _load((settings.PACK / "bodies.csv").read_bytes())
    assert report.loaded and report.created == 330
    assert len(queries.bodies(kinds={"subdistrict_office"})) == 15
    assert len(queries.bodies(kinds={"grid_team"})) == 15
    assert len(queries.bodies(kinds={"community_committee"})) == 261
    assert {b.kind for b in queries.bodies(division="110102018")} == {"subdistrict_office", "grid_team"}
    assert all(b.provisional for b in queries.bodies(kinds={"department", "enterprise", "command_centre"}))


@pytest.mark.django_db
def test_merged_bodies_keep_their_row_and_resolve_to_the_last() -> None:
    ids = [
        actions.create_body(actor=SYSTEM, code=f"110102-{c}", name=f"单位{c}", kind="department", division="110102")
        for c in "abc"
    ]
    actions.merge_bodies(actor=SYSTEM, body_id=ids[0], into_id=ids[1])
    actions.merge_bodies(actor=SYSTEM, body_id=ids[1], into_id=ids[2])
    assert [queries.resolve(i) for i in ids] == [ids[2]] * 3
    assert set(queries.family(ids[2])) == set(ids) == set(queries.family(ids[0]))
    assert [b.id for b in queries.bodies()] == [ids[2]]
    assert queries.body(ids[0]).name == "单位a"
    assert Body.objects.get(pk=ids[0]).merged_into_id == ids[2]
    for wrong, error in (((ids[0], ids[2]), Conflict), ((ids[2], ids[0]), Conflict), ((ids[2], ids[2]), Invalid)):
        with pytest.raises(error):
            actions.merge_bodies(actor=SYSTEM, body_id=wrong[0], into_id=wrong[1])
    report = _load(HEAD + "110102-a,单位a,单位a,department,110102,,\n")
    assert not report.loaded and report.problems[0].field == "code"


@pytest.mark.django_db
def test_only_the_administrator_changes_bodies() -> None:
    for actor in (OPERATOR, RESIDENT, Actor("token", 5, "x", (Post(1, "administrator", "110102"),))):
        with pytest.raises(Forbidden) as refusal:
            actions.create_body(actor=actor, code="110102-a", name="名", kind="department", division="110102")
        assert "管理员" in str(refusal.value.message)
    with pytest.raises(Missing):
        actions.rename_body(actor=SYSTEM, body_id=10**12, name="名", short_name="名")


@pytest.mark.django_db
def test_reads_cost_one_query_then_none() -> None:
    _load(GOOD)
    queries.forget()
    with CaptureQueriesContext(
        connection,
    ) as first:
        queries.bodies()
    with CaptureQueriesContext(connection) as again:
        assert queries.bodies() and queries.body_by_code("110102018") and queries.resolve(1)
    assert (len(first), len(again)) == (2, 0)


@pytest.mark.django_db
def test_a_change_made_elsewhere_is_seen_at_the_next_check(monkeypatch: pytest.MonkeyPatch) -> None:
    _load(GOOD)
    assert queries.body_by_code("110102018").short_name == "牛街街道"
    with monkeypatch.context() as other_process:
        other_process.setattr(queries, "forget", lambda: None)
        actions.rename_body(
            actor=SYSTEM, body_id=queries.body_by_code("110102018").id, name="牛街街道办事处", short_name="牛街办"
        )
        assert queries.body_by_code("110102018").short_name == "牛街街道"
        other_process.setattr(queries._reference, "_every", 0.0)
        assert queries.body_by_code("110102018").short_name == "牛街办"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [{"kind": "ministry"}, {"division": "1101"}, {"name": ""}, {"is_active": False}, {"merged_into_id": 1}]
)
def test_the_database_holds_the_invariants(wrong: dict[str, object]) -> None:
    from linli.core import clock

    good = {"code": "x1", "name": "名", "short_name": "名", "kind": "department", "division": "110102"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Body.objects.create(**{**good, "valid_from": clock.now(), **wrong})


def test_a_row_is_checked_without_a_database() -> None:
    good = rules.Row(2, "110102-a", "名", "名", "department", "110102")
    assert rules.check_body(good) == []
