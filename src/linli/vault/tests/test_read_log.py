"""The auditor's page: everything that was read, page by page, for nobody else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase
from django.test import RequestFactory

from linli.core.actor import RESIDENT, SYSTEM, Actor, Post
from linli.core.errors import Forbidden, Invalid
from linli.vault import actions, names, permissions, queries, web
from linli.vault.models import ReadLog

AUDITOR = Actor("person", 9, "审计员", (Post(1, "auditor", "110102"),))
ADMINISTRATOR = Actor("person", 8, "管理员", (Post(2, "administrator", "110102"),))
PROGRAM = Actor("token", 9, "审计员", (Post(1, "auditor", "110102"),))
START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 23:00 in Shanghai
pytestmark = pytest.mark.django_db


def fill(count: int, actor: str = "person:1", start: datetime = START, step: timedelta = timedelta(0)) -> None:
    ReadLog.objects.bulk_create(
        ReadLog(at=start + n * step, actor=actor, contact_id=n, subject=f"case:{n}", purpose="case", reason=f"回访 {n}")
        for n in range(count)
    )


def test_the_post_kind_is_one_of_accounts() -> None:
    from linli.accounts.choices import PostKind

    assert set(permissions.LOG_READERS) <= set(PostKind.values)


@pytest.mark.parametrize("actor", [RESIDENT, ADMINISTRATOR, PROGRAM, Actor("person", 1, "x")])
def test_only_a_signed_in_auditor(actor: Actor) -> None:
    for ask in (queries.read_log, queries.readers):
        with pytest.raises(Forbidden) as refusal:
            ask(actor=actor)
        assert refusal.value.code == "not_auditor"


def test_pages_by_key_forward_and_back_without_loss(django_assert_num_queries) -> None:
    fill(25)  # all at one moment: the key decides
    fill(10, start=START + timedelta(seconds=1), step=timedelta(microseconds=1))
    seen, older, pages = [], "", []
    while True:
        with django_assert_num_queries(1):
            page = queries.read_log(actor=AUDITOR, older=older, limit=10)
        pages.append([r.pk for r in page.rows])
        seen += pages[-1]
        if not page.older:
            break
        older = page.older
    assert len(seen) == len(set(seen)) == 35
    assert seen == list(ReadLog.objects.order_by("-at", "-pk").values_list("pk", flat=True))
    back = queries.read_log(actor=AUDITOR, newer=page.newer, limit=10)
    assert [r.pk for r in back.rows] == pages[-2]
    first = queries.read_log(
        actor=AUDITOR, newer=queries.read_log(actor=AUDITOR, older=pages_mark(pages), limit=10).newer, limit=10
    )
    assert [r.pk for r in first.rows] == pages[0] and first.newer == ""
    assert queries.read_log(actor=AUDITOR, limit=10).newer == ""


def pages_mark(pages: list[list[int]]) -> str:
    return queries._mark(ReadLog.objects.get(pk=pages[0][-1]))


def test_filters_by_day_in_shanghai_and_by_reader() -> None:
    fill(2, "person:1", START)  # 20 November, 23:00
    fill(3, "person:2", START + timedelta(hours=2))  # 21 November, 01:00
    assert len(queries.read_log(actor=AUDITOR, day=date(2026, 11, 20)).rows) == 2
    assert len(queries.read_log(actor=AUDITOR, day=date(2026, 11, 21)).rows) == 3
    assert len(queries.read_log(actor=AUDITOR, day=date(2026, 11, 21), reader="person:1").rows) == 0
    assert len(queries.read_log(actor=AUDITOR, reader="person:2").rows) == 3
    assert len(queries.read_log(actor=AUDITOR, subject="case:1").rows) == 2
    assert queries.readers(actor=SYSTEM) == ["person:1", "person:2"]


@pytest.mark.parametrize("mark", ["x", "1", "1-2-3", "9" * 40 + "-1", "-", "'; --"])
def test_a_broken_cursor_is_refused(mark: str) -> None:
    for way in ("older", "newer"):
        with pytest.raises(Invalid) as refusal:
            queries.read_log(actor=AUDITOR, **{way: mark})
        assert refusal.value.code == "bad_cursor"


def test_names_come_from_whoever_was_wired(monkeypatch) -> None:
    monkeypatch.setattr(names, "_source", [])
    assert names.of(["person:1"]) == {}
    names.register(lambda ids: {n: f"第 {n} 人" for n in ids if n == 1})
    assert names.of(["person:1", "token:2", "system", "resident"]) == {"person:1": "第 1 人"}


def get(query: str = "", actor: Actor = AUDITOR, **user: object) -> HttpResponseBase:
    request: HttpRequest = RequestFactory().get(f"/settings/read-log/{query}")
    request.actor, request.user = (
        actor,
        SimpleNamespace(must_change_password=False, **user) if user else AnonymousUser(),
    )
    return web.read_log(request)


def test_the_page_lists_filters_and_links(monkeypatch) -> None:
    monkeypatch.setattr(names, "_source", [lambda ids: {1: "核查 <员>"}])
    fill(60)
    answer = get()
    page = answer.content.decode()
    assert answer.status_code == 200 and page.count("<h1") == 1 and page.count("<tr>") == 51
    assert "核查 &lt;员&gt;" in page and "回访 59" in page and "no-store" in answer["Cache-Control"]
    assert "?older=" in page and "style=" not in page and "onclick" not in page
    assert "回访 59" not in get("?day=2026-11-19").content.decode()
    assert "没有符合条件的查看记录" in get("?day=2026-11-19").content.decode()
    assert "day=2026-11-20&amp;older=" in get("?day=2026-11-20").content.decode()
    assert "第 1 人" not in page


def test_wrong_filters_are_told() -> None:
    for query in ("?day=yesterday", "?reader=person:404"):
        answer = get(query)
        assert answer.status_code == 422 and "错误" in answer.content.decode()


def test_strangers_go_to_the_login_and_others_hear_why() -> None:
    answer = get("?day=2026-11-20", RESIDENT)
    assert answer.status_code == 302 and "next=/settings/read-log/%3Fday%3D2026-11-20" in answer["Location"]
    with pytest.raises(Forbidden):
        get(actor=ADMINISTRATOR)


def test_nothing_of_a_contact_is_on_the_page() -> None:
    pk = actions.keep_contact(
        actor=RESIDENT, subject="case:1", purpose="case", phone="13812345678", name="王女士",
        consent=queries.consent_for("case_contact").version, keep_days=9,
    )  # fmt: skip
    actions.read_contact(actor=AUDITOR, contact_id=pk, reason="回访", allowed=permissions.can_read_log(AUDITOR))
    page = get().content.decode()
    assert "case:1" in page and "5678" not in page and "王女士" not in page
