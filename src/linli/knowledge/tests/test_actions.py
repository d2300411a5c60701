"""The life of an article, who may touch it, counters under two threads, notes, tables in and out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from linli.accounts.models import Audit
from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM, Actor
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.knowledge import actions, permissions, queries, table
from linli.knowledge.models import Article, Doubt, Use, Version
from linli.testing.fixtures import Cast

from .conftest import body, content

pytestmark = pytest.mark.django_db
LATER = timedelta(days=30)


def test_a_handler_writes_publishes_and_a_new_version_replaces(tree: Cast) -> None:
    actor, owner = tree.actor("handler-water"), body("110102-tap-water")
    code = actions.create_article(actor=actor, content=content(), owner_body=owner, code="no-water")
    assert code == "no-water" and queries.article(code) is None
    first = actions.publish(actor=actor, code=code, seq=1)
    actions.save_draft(actor=actor, code=code, seq=2, content=content("停水了，找谁？"), owner_body=owner)
    assert queries.article(code).question == "家里停水了怎么办"  # type: ignore[union-attr]
    second = actions.publish(actor=actor, code=code, seq=3)
    old, new = queries.article_version(first), queries.article_version(second)
    assert old is not None and new is not None
    assert (old.state, old.number, old.question) == ("replaced", 1, "家里停水了怎么办")
    assert (new.state, new.number, new.seq) == ("published", 2, 4) and new.current and not old.current
    actions.retire(actor=actor, code=code, seq=4)
    assert queries.article(code) is None and queries.article_version(second).state == "retired"  # type: ignore[union-attr]
    assert [a.target for a in Audit.objects.order_by("id") if a.target.startswith("article:")] == [
        "article:no-water"
    ] * 3


def test_two_authors_do_not_overwrite_each_other(published: Callable[..., str]) -> None:
    code = published()
    owner = body("110102-tap-water")
    actions.save_draft(actor=SYSTEM, code=code, seq=2, content=content("甲的版本"), owner_body=owner)
    with pytest.raises(Conflict):
        actions.save_draft(actor=SYSTEM, code=code, seq=2, content=content("乙的版本"), owner_body=owner)
    with pytest.raises(Conflict):
        actions.publish(actor=SYSTEM, code=code, seq=2)
    assert Version.objects.get(article__code=code, state="draft").question == "甲的版本"


def test_refusals_change_nothing(published: Callable[..., str]) -> None:
    code = published()
    before = (Article.objects.get(code=code).seq, Version.objects.count())
    for refused, call in (
        (Invalid, lambda: actions.publish(actor=SYSTEM, code=code, seq=2)),  # no draft
        (Missing, lambda: actions.publish(actor=SYSTEM, code="nothing", seq=1)),
        (Invalid, lambda: actions.review(actor=SYSTEM, code=code, seq=2, review_on=clock.today())),
        (
            Invalid,
            lambda: actions.review(actor=SYSTEM, code=code, seq=2, review_on=clock.today() + timedelta(days=4000)),
        ),
        (Conflict, lambda: actions.create_article(actor=SYSTEM, content=content(), owner_body=None, code=code)),
        (Invalid, lambda: actions.create_article(actor=SYSTEM, content=content(), owner_body=None, code="due")),
        (Invalid, lambda: actions.create_article(actor=SYSTEM, content=content(), owner_body=None, code="Ü")),
    ):
        with pytest.raises(refused):
            call()  # type: ignore[no-untyped-call]
    assert (Article.objects.get(code=code).seq, Version.objects.count()) == before


@pytest.mark.parametrize(
    "more",
    [{"answer": "x" * 8_001}, {"answer": "\0\u202e"}, {"question": "x" * 81}, {"category": "77"}, {"audience": "x"},
     {"source_url": "javascript:alert(1)"}, {"division": "110102999"}, {"division": "x"}, {"answer": "字" * 100_000}],
)  # fmt: skip
def test_hostile_content_is_refused(district: Cast, tree: Cast, more: dict[str, str]) -> None:
    said = {"question": "问题", "answer": "答"} | more
    with pytest.raises(Invalid):
        actions.create_article(actor=SYSTEM, content=content(**said), owner_body=None)  # type: ignore[arg-type]
    assert Version.objects.count() == 0


# --- who may what --------------------------------------------------------------------------------
MAY = {  # who → may keep an article of 自来水集团, may import, may export, may doubt, may count an answer
    "administrator": (1, 1, 1, 1, 1), "handler-water": (1, 0, 1, 1, 1), "handler-power": (0, 0, 1, 1, 1),
    "operator": (0, 0, 0, 1, 1), "desk": (0, 0, 0, 1, 1), "auditor": (0, 0, 1, 1, 1), "grid-niujie": (0, 0, 0, 1, 1),
    "chief": (0, 0, 0, 1, 1), "verifier": (0, 0, 0, 1, 1), "dispatcher": (0, 0, 0, 1, 1),
}  # fmt: skip


@pytest.mark.parametrize("who", MAY)
def test_permissions(cast: Cast, who: str) -> None:
    actor, water = cast.actor(who), body("110102-tap-water")
    found = (
        permissions.can_keep(actor, water), permissions.can_import(actor), permissions.can_export(actor),
        permissions.can_doubt(actor), permissions.can_count(actor, "answer"),
    )  # fmt: skip
    assert tuple(map(int, map(bool, found))) == MAY[who]
    assert not permissions.can_keep(actor, None) or who == "administrator"
    assert permissions.can_read(actor, "staff")


def test_residents_and_programs(cast: Cast) -> None:
    assert permissions.can_read(RESIDENT, "everyone") and not permissions.can_read(RESIDENT, "staff")
    assert not permissions.can_doubt(RESIDENT) and not permissions.can_count(RESIDENT, "answer")
    assert permissions.can_count(RESIDENT, "helped")
    keeper = cast.actor("administrator")
    program = Actor("token", keeper.id, keeper.name, keeper.posts)
    assert not permissions.can_keep(program, body("110102-tap-water")) and not permissions.can_import(program)


def test_another_bodys_article_is_refused_and_not_taken_over(published: Callable[..., str], tree: Cast) -> None:
    code, power = published(), tree.actor("handler-power")
    for call in (
        lambda: actions.save_draft(actor=power, code=code, seq=2, content=content(), owner_body=body("110102-power")),
        lambda: actions.retire(actor=power, code=code, seq=2),
        lambda: actions.review(actor=power, code=code, seq=2, review_on=clock.today() + LATER),
        lambda: actions.create_article(actor=power, content=content(), owner_body=body("110102-tap-water")),
        lambda: actions.create_article(actor=power, content=content(), owner_body=None),
        lambda: actions.load_articles(actor=power, rows=[]),
        lambda: actions.save_draft(
            actor=tree.actor("handler-water"), code=code, seq=2, content=content(), owner_body=body("110102-power")
        ),
    ):
        with pytest.raises(Forbidden):
            call()
    assert Article.objects.get(code=code).seq == 2


# --- counting ------------------------------------------------------------------------------------
def test_uses_are_counted_by_month(published: Callable[..., str], tree: Cast) -> None:
    code = published()
    version = queries.article(code).version_id  # type: ignore[union-attr]
    operator = tree.actor("operator")
    for kind in ("answer", "answer", "read"):
        actions.count_use(actor=operator, version_id=version, kind=kind)
    actions.count_use(actor=RESIDENT, version_id=version, kind="helped")
    with clock.at(clock.now() + timedelta(days=40), actor=SYSTEM):
        actions.count_use(actor=operator, version_id=version, kind="answer")
    found = list(queries.uses(actor=operator, code=code).values())
    assert found == [{"answer": 1}, {"answer": 2, "helped": 1, "read": 1}]
    with pytest.raises(Forbidden):
        actions.count_use(actor=RESIDENT, version_id=version, kind="answer")
    with pytest.raises(Invalid):
        actions.count_use(actor=operator, version_id=version, kind="x")
    with pytest.raises(Missing):
        actions.count_use(actor=operator, version_id=10**9, kind="read")


def test_a_draft_is_not_counted(tree: Cast) -> None:
    code = actions.create_article(actor=SYSTEM, content=content(), owner_body=None)
    with pytest.raises(Missing):
        actions.count_use(actor=SYSTEM, version_id=Version.objects.get(article__code=code).pk, kind="answer")


@pytest.mark.django_db(transaction=True)
def test_two_threads_lose_no_use(published: Callable[..., str]) -> None:
    version = queries.article(published()).version_id  # type: ignore[union-attr]
    failed: list[BaseException] = []

    def count() -> None:
        try:
            for _n in range(25):
                actions.count_use(actor=SYSTEM, version_id=version, kind="answer")
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=count) for _n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert failed == [] and Use.objects.get().count == 100


# --- notes ---------------------------------------------------------------------------------------
def test_a_note_goes_to_the_owner_and_is_settled_once(published: Callable[..., str], tree: Cast) -> None:
    code = published()
    version = queries.article(code).version_id  # type: ignore[union-attr]
    actions.report_wrong(actor=tree.actor("operator"), version_id=version, note="链接打不开\u202e")
    owner = tree.actor("handler-water")
    line = queries.due(actor=owner)[0]
    assert (line.reason, line.code, line.note) == ("doubt", code, "链接打不开")
    assert (
        queries.due(actor=tree.actor("handler-power")) == []
        and len(queries.due(actor=tree.actor("administrator"))) == 1
    )
    with pytest.raises(Forbidden):
        queries.due(actor=tree.actor("operator"))
    with pytest.raises(Forbidden):
        actions.settle(actor=tree.actor("handler-power"), doubt_id=line.doubt_id)
    assert actions.settle(actor=owner, doubt_id=line.doubt_id) == code
    with pytest.raises(Conflict):
        actions.settle(actor=owner, doubt_id=line.doubt_id)
    for bad in ("", "电话 13812345678", "x" * 201):
        with pytest.raises(Invalid):
            actions.report_wrong(actor=owner, version_id=version, note=bad)
    with pytest.raises(Forbidden):
        actions.report_wrong(actor=RESIDENT, version_id=version, note="错")
    assert Doubt.objects.count() == 1


def test_review_moves_the_date(published: Callable[..., str], tree: Cast) -> None:
    code = published(review_on=clock.today() + timedelta(days=1))
    with clock.at(clock.now() + timedelta(days=2), actor=SYSTEM):
        assert [x.reason for x in queries.due(actor=tree.actor("handler-water"))] == ["stale"]
        actions.review(actor=tree.actor("handler-water"), code=code, seq=2, review_on=clock.today() + LATER)
        assert queries.due(actor=tree.actor("handler-water")) == []


# --- tables --------------------------------------------------------------------------------------
def test_export_and_import_are_inverse(published: Callable[..., str], tree: Cast) -> None:
    published("停水了", keywords="没水 断水", spoken="先看阀门")
    published("=1+1 怎么算", owner="", answer="- 甲\n- 乙", audience="staff")
    actions.create_article(actor=SYSTEM, content=content("草稿一篇"), owner_body=None, code="draft-one")
    data = "".join(table.write(queries.rows_for_export(actor=SYSTEM))).encode()
    assert b"'=1+1" in data
    report = actions.load_articles(actor=SYSTEM, rows=table.read(data), dry_run=True)
    assert (report.created, report.changed, report.unchanged, report.problems) == (0, 0, 3, ())
    changed = table.read(data)
    changed[0]["answer"] += "\n\n再加一段"
    report = actions.load_articles(actor=SYSTEM, rows=changed)
    assert report.loaded and (report.changed, report.unchanged) == (1, 2)
    assert queries.article(changed[0]["code"]).number == 2  # type: ignore[union-attr]


def test_a_bad_row_stops_all_and_is_named(tree: Cast) -> None:
    text = (
        "code,question,answer,category,owner_body,review_on,state\n"
        "good-one,问,答,0101,,,published\n"
        "good-one,问,答,0101,,,\nBAD,问,答,0101,,,\nno-cat,问,答,0999,,,\nno-body,问,答,0101,nobody,,\nno-day,问,答,0101,,soon,\n"
    )
    for encoding in ("utf-8", "gb18030", "utf-16"):
        report = actions.load_articles(actor=SYSTEM, rows=table.read(text.encode(encoding)))
        assert not report.loaded and len(report.problems) == 5 and "第 3 行" in report.problems[0]
    assert Article.objects.count() == 0
    for bad in (b"", b"a,b\n1,2\n", b"\xff\xff\xff"):
        with pytest.raises(Invalid):
            table.read(bad)


def test_what_a_person_wrote_is_kept_by_a_newer_pack(tree: Cast, tmp_path: object) -> None:
    from django.conf import settings

    actions.load_pack(actor=SYSTEM, folder=settings.PACK)
    keeper, row = tree.actor("administrator"), Article.objects.get(code="passport")
    actions.save_draft(
        actor=keeper, code=row.code, seq=row.seq, content=content("护照怎么办"), owner_body=row.owner_body_id
    )
    actions.publish(actor=keeper, code=row.code, seq=row.seq + 1)
    actions.load_pack(actor=SYSTEM, folder=settings.PACK)
    assert queries.article("passport").question == "护照怎么办"  # type: ignore[union-attr]
