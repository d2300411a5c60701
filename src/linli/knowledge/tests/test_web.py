"""The pages of staff: search, article, editing, notes, tables; what bad input gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.knowledge import actions
from linli.knowledge.models import Article, Doubt
from linli.testing.fixtures import Cast

from .conftest import body, content

pytestmark = pytest.mark.django_db
EVIL = "<script>alert(1)</script><img src=x onerror=1>"


def written(**more: Any) -> dict[str, Any]:
    said = {"question": "家里停水了怎么办", "answer": "先看阀门。", "category": "0202", "audience": "everyone",
            "provenance": "provisional", "owner_body": str(body("110102-tap-water")),
            "review_on": f"{clock.today().replace(day=1, year=clock.today().year + 1)}"}  # fmt: skip
    return said | more


def test_the_empty_and_the_full_shelf(tree: Cast, published: Callable[..., str]) -> None:
    web = tree.client("operator")
    assert "知识库还是空的" in web.get("/knowledge/").content.decode()
    code = published("家里停水了怎么办", answer=EVIL, spoken=EVIL, keywords="断水")
    page = web.get("/knowledge/", {"q": "停水"}).content.decode()
    assert "家里<mark>停水</mark>了怎么办" in page and "<script>alert" not in page and "共 1 条" in page
    read = web.get(f"/knowledge/{code}/").content.decode()
    assert (
        "&lt;script&gt;alert(1)" in read
        and "<script>alert" not in read
        and "onerror=1>" not in read.replace("&gt;", "")
    )
    assert "换个说法" in web.get("/knowledge/", {"q": "查不到的词语"}).content.decode()
    assert web.get("/knowledge/", {"category": "0202"}).content.decode().count('class="card hit"') == 1
    for odd in ("\0", "x" * 100_000, "\u202e停", "%00", "<b>"):
        assert web.get("/knowledge/", {"q": odd, "category": odd[:50]}).status_code == 200
        assert web.get("/knowledge/search", {"q": odd, "division": odd[:20]}).status_code == 200


def test_suggestions_say_how_many_more(tree: Cast, published: Callable[..., str]) -> None:
    for n in range(11):
        published(f"停水的第{n}种情形")
    found = tree.client("operator").get("/knowledge/search", {"q": "停水"}).json()
    assert len(found["results"]) == 8 and found["more"] == 3 and found["results"][0]["url"].startswith("/knowledge/")


def test_from_draft_to_retired_by_the_owner(tree: Cast) -> None:
    web = tree.client("handler-water")
    answer = web.post("/knowledge/new/", written(code="no-water"))
    assert answer.status_code == 302 and answer["Location"] == "/knowledge/no-water/"
    assert "发布第 1 版" in web.get("/knowledge/no-water/").content.decode()
    assert tree.client("operator").get("/knowledge/no-water/").status_code == 404  # a draft is its keepers'
    assert web.post("/knowledge/no-water/publish", {"seq": 1}).status_code == 302
    assert web.post("/knowledge/no-water/edit/", written(answer="新的答复", seq=2)).status_code == 302
    assert web.post("/knowledge/no-water/publish", {"seq": 2}).status_code == 409
    assert web.post("/knowledge/no-water/publish", {"seq": 3}).status_code == 302
    old = tree.client("operator").get("/knowledge/no-water/1/").content.decode()
    assert "先看阀门。" in old and "不是在用的版本" in old
    assert web.post("/knowledge/no-water/retire", {"seq": 4}).status_code == 302
    assert "已停用" in web.get("/knowledge/no-water/").content.decode()
    assert web.get("/knowledge/no-water/9/").status_code == 404


def test_what_is_wrong_comes_back_with_what_was_written(tree: Cast) -> None:
    web = tree.client("handler-water")
    for bad in ({"question": ""}, {"answer": "x" * 8_001}, {"category": "9"}, {"review_on": "2020-01-01"}, {"code": "due"},
                {"owner_body": str(body("110102-power"))}, {"source_url": "javascript:1"}, {"provenance": "sourced"}):  # fmt: skip
        answer = web.post("/knowledge/new/", written(**bad))
        assert (answer.status_code == 422 and "先看阀门" in answer.content.decode()) or "answer" in bad, bad
    assert Article.objects.count() == 0
    code = actions.create_article(actor=SYSTEM, content=content(), owner_body=body("110102-tap-water"))
    assert web.post(f"/knowledge/{code}/publish", {}).status_code == 422
    assert web.post(f"/knowledge/{code}/edit/", written(seq="x")).status_code == 422


def test_a_note_and_the_list_of_the_owner(tree: Cast, published: Callable[..., str]) -> None:
    code = published()
    web = tree.client("operator")
    refused = web.post(f"/knowledge/{code}/wrong", {"note": "打 13812345678"})
    assert refused.status_code == 422 and "不要写电话" in refused.content.decode()
    assert web.post(f"/knowledge/{code}/wrong", {"note": "水表那句不对"}).status_code == 302
    owner = tree.client("handler-water")
    assert "水表那句不对" in owner.get("/knowledge/due/").content.decode()
    assert web.get("/knowledge/due/").status_code == 403
    assert owner.post(f"/knowledge/wrong/{Doubt.objects.get().pk}/settle").status_code == 302
    assert "没有等您处理" in owner.get("/knowledge/due/").content.decode()


def test_review_by_the_page(tree: Cast, published: Callable[..., str]) -> None:
    code = published()
    web = tree.client("handler-water")
    assert web.post(f"/knowledge/{code}/review", {"seq": 2, "review_on": "2020-01-01"}).status_code == 422
    day = clock.today().replace(day=1, year=clock.today().year + 1)
    assert web.post(f"/knowledge/{code}/review", {"seq": 2, "review_on": str(day)}).status_code == 302
    assert Article.objects.get(code=code).review_on == day
    assert (
        tree.client("handler-power").post(f"/knowledge/{code}/review", {"seq": 3, "review_on": str(day)}).status_code
        == 403
    )


def test_tables_by_the_page(tree: Cast, published: Callable[..., str]) -> None:
    published("停水问题")
    web = tree.client("administrator")
    data = b"".join(web.get("/knowledge/export.csv").streaming_content)  # type: ignore[attr-defined]
    assert "停水问题".encode() in data and web.get("/knowledge/export.xlsx")["Content-Type"].endswith("sheet")
    for address in ("/knowledge/export.csv", "/knowledge/export.xlsx"):
        assert tree.client("operator").get(address).status_code == 403
        assert tree.client("handler-water").get(address).status_code == 200


BUDGETS = {"/knowledge/": 9, "/knowledge/?q=停水": 8, "/knowledge/search?q=停水": 4}


def test_query_budgets(tree: Cast, published: Callable[..., str], django_assert_max_num_queries: Any) -> None:
    codes = [published(f"停水的第{n}种情形") for n in range(12)]
    web = tree.client("operator")
    for path, most in {**BUDGETS, f"/knowledge/{codes[0]}/": 7}.items():
        web.get(path)
        with django_assert_max_num_queries(most):
            assert web.get(path).status_code == 200
