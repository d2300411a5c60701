"""Search over the database: the starter articles, initials, what a process keeps, and how little SQL it takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.knowledge import actions, queries, shelf
from linli.knowledge.models import Article, Revision, Version
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def starter(cast: Cast) -> None:
    actions.load_pack(actor=SYSTEM, folder=settings.PACK)
    shelf.forget_everything()


def test_the_pack_loads_twice_without_a_change(starter: None) -> None:
    before = list(Version.objects.order_by("pk").values_list("pk", "number", "state"))
    assert len(before) >= 60
    report = actions.load_pack(actor=SYSTEM, folder=settings.PACK)
    assert (report.created, report.changed, report.unchanged) == (0, 0, len(before))
    assert list(Version.objects.order_by("pk").values_list("pk", "number", "state")) == before
    assert set(Version.objects.values_list("provenance", flat=True)) == {"provisional"}


def test_every_starter_article_is_found_by_its_title_and_by_its_initials(starter: None) -> None:
    for row in Version.objects.select_related("article"):
        assert queries.search(row.question).hits[0].version_id == row.pk, row.question
        first = row.initials.split("\n")[0]
        found = [h.version_id for h in queries.search(first).hits]
        assert row.pk in found, (row.question, first)
        found = [h.version_id for h in queries.search(first[:8]).hits]
        assert row.pk in found, (row.question, first[:8])


@pytest.mark.parametrize(
    ("asked", "code"),
    [("jzz", "residence-permit"), ("暖气不热", "heating-cold"), ("nqbr", "heating-cold"), ("电瓶车充电", "ebike-charging"),
     ("狗证", "dog-register"), ("夜里工地太吵", "construction-night"), ("垃圾分类", "waste-sorting"), ("ljfl", "waste-sorting"),
     ("居主证", "residence-permit"), ("请问煤气味怎么办", "gas-smell"), ("身份证丢了", "id-card-lost"), ("护照", "passport"),
     ("井盖丢失", "manhole-cover"), ("居住证 续签", "residence-permit-renew"), ("僵尸车", "parking-illegal")],
)  # fmt: skip
def test_what_people_ask_is_answered_first(starter: None, asked: str, code: str) -> None:
    assert queries.search(asked).hits[0].code == code, [h.question for h in queries.search(asked).hits]


def test_residents_do_not_find_what_is_for_staff(starter: None) -> None:
    assert queries.search("按电话号码查以前的反映").hits[0].code == "staff-no-lookup"
    assert "staff-no-lookup" not in {h.code for h in queries.search("按电话号码查以前的反映", public=True).hits}
    assert all(h.audience == "everyone" for h in queries.in_category("0701", public=True).hits)


def test_a_search_is_one_statement_and_the_revision_one_more(starter: None, django_assert_max_num_queries: Any) -> None:
    queries.search("暖气")
    with django_assert_max_num_queries(2):
        assert queries.search("停水 家里").hits


def test_a_change_is_seen_by_a_small_segment(published: Callable[..., str]) -> None:
    codes = [published(f"第{n}号问题如何答") for n in "甲乙丙"]
    queries.search("号问题")
    base = shelf.shelf().base
    row = Article.objects.get(code=codes[0])
    actions.save_draft(
        actor=SYSTEM, code=row.code, seq=row.seq, content=_as(row, "全新的标题"), owner_body=row.owner_body_id
    )
    assert queries.search("全新的标题").total == 0  # a draft is nobody's answer
    actions.publish(actor=SYSTEM, code=row.code, seq=row.seq + 1)
    assert [h.code for h in queries.search("全新的标题").hits] == [row.code]
    assert row.code not in {h.code for h in queries.search("甲号问题").hits}
    assert shelf.shelf().base is base  # the large segment was not built again
    actions.retire(actor=SYSTEM, code=codes[1], seq=2)
    assert {h.code for h in queries.search("号问题").hits} == {codes[2]}
    assert shelf.shelf().base is base


def test_a_restored_backup_is_read_whole(published: Callable[..., str]) -> None:
    published("停水问题")
    queries.search("停水")
    base = shelf.shelf().base
    Revision.objects.update(number=50, value="another history")
    Version.objects.create(
        article=Article.objects.create(code="x1", review_on=clock.today()), number=1, state="published", question="停水公告",
        answer="a", audience="everyone", category="0202", provenance="provisional", written_at=clock.now(),
        written_by="system", published_at=clock.now(),
    )  # fmt: skip
    shelf.forget()
    assert queries.search("停水").total == 2 and shelf.shelf().base is not base


def test_stale_and_out_of_date(published: Callable[..., str]) -> None:
    code = published("停水了", review_on=clock.today() + timedelta(days=2), valid_to=clock.today() + timedelta(days=5))
    assert not queries.search("停水了").hits[0].stale
    with clock.at(clock.now() + timedelta(days=3), actor=SYSTEM):
        assert queries.search("停水了").hits[0].stale
        assert [line.code for line in queries.due(actor=SYSTEM)] == [code]
    with clock.at(clock.now() + timedelta(days=6), actor=SYSTEM):
        assert queries.search("停水了").hits == ()
        found = queries.article(code)
        assert found is not None and not found.current


def _as(row: Article, question: str) -> Any:
    from .conftest import content

    return content(question)
