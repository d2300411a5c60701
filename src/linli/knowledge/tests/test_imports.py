"""Articles by the pages of exchange: preview, refusals, confirming, and back again."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from linli.core.actor import SYSTEM
from linli.exchange.models import Upload
from linli.exchange.writing import Sheet, write_xlsx
from linli.knowledge import actions, imports, queries
from linli.knowledge.models import Article, Version
from linli.testing.fixtures import Cast

from .conftest import content

pytestmark = pytest.mark.django_db
HOME = "/settings/import/articles/"


def workbook(rows: list[dict[str, Any]], *, without: tuple[str, ...] = ()) -> bytes:
    stream = io.BytesIO()
    columns = [c for c in imports.columns() if c.key not in without]
    write_xlsx([Sheet("答复", columns, rows)], stream)
    return stream.getvalue()


def send(web: Client, data: bytes, name: str = "答复.xlsx") -> tuple[str, Upload]:
    page = web.post(HOME, {"file": SimpleUploadedFile(name, data)}, follow=True)
    assert page.status_code == 200, page.content.decode()[:2000]
    return page.content.decode(), Upload.objects.order_by("-at")[0]


def press(web: Client, upload: Upload, what: str) -> int:
    expected = imports.ArticleImporter().revision()
    return int(web.post(f"{HOME}{upload.pk}/{what}", {"expected": expected}).status_code)


def states(code: str) -> list[tuple[int, str, str]]:
    return [(v.number, v.state, v.question) for v in Version.objects.filter(article__code=code).order_by("number")]


def rows() -> dict[str, dict[str, Any]]:
    return {code: dict(values) for code, values in imports.ArticleImporter().current().items()}


def test_what_is_written_out_is_read_in_as_the_same(tree: Cast, published: Callable[..., str]) -> None:
    published("停水问题")
    page, upload = send(tree.client("administrator"), workbook(list(rows().values())))
    assert "文件和现在的内容一样" in page and upload.refused_count == 0
    csv = b"".join(tree.client("administrator").get("/knowledge/export.csv").streaming_content)  # type: ignore[attr-defined]
    assert "文件和现在的内容一样" in send(tree.client("administrator"), csv, "a.csv")[0]


def test_new_and_changed_ones_and_back(tree: Cast, published: Callable[..., str]) -> None:
    code, web = published("停水问题"), tree.client("administrator")
    row = rows()[code]
    data = workbook(
        [
            row | {"question": "断水问题"},
            row | {"code": "new-one", "question": "暖气不热", "state": "published"},
            row | {"code": "new-two", "question": "垃圾怎么分", "state": "draft"},
        ]
    )
    page, upload = send(web, data)
    assert "新增 2" in page and "改变 1" in page and "断水问题" in page and "有 1 条是草稿" in page
    assert queries.search("断水").total == 0 and Article.objects.count() == 1
    assert press(web, upload, "confirm") == 302
    assert queries.search("断水").total == 1 and queries.search("暖气").total == 1
    assert states("new-two") == [(1, "draft", "垃圾怎么分")]
    assert press(web, upload, "undo") == 302
    assert queries.search("断水").total == 0 and queries.search("停水").total == 1 and queries.search("暖气").total == 0
    assert states(code) == [(1, "replaced", "停水问题"), (2, "replaced", "断水问题"), (3, "published", "停水问题")]
    assert states("new-one") == [(1, "retired", "暖气不热")] and not Article.objects.filter(code="new-two").exists()
    assert press(web, upload, "undo") == 409
    assert {k: v for k, v in rows().items() if k == code} == {code: row}


def test_a_draft_that_was_written_over_comes_back(tree: Cast, published: Callable[..., str]) -> None:
    code, web = published("停水问题"), tree.client("administrator")
    article = Article.objects.get(code=code)
    actions.save_draft(
        actor=SYSTEM,
        code=code,
        seq=article.seq,
        content=content(question="草稿里的问题"),
        owner_body=article.owner_body_id,
    )
    before = states(code)
    _page, upload = send(web, workbook([rows()[code] | {"question": "表里的问题", "state": "draft"}]))
    assert press(web, upload, "confirm") == 302
    assert [s[1:] for s in states(code)] == [("published", "停水问题"), ("draft", "表里的问题")]
    assert press(web, upload, "undo") == 302 and states(code) == before


def test_what_a_file_has_no_column_for_stays(tree: Cast, published: Callable[..., str]) -> None:
    code, web = published("停水问题", spoken="先看阀门。"), tree.client("administrator")
    data = workbook([rows()[code] | {"question": "断水问题"}], without=("spoken", "state", "owner_body", "review_on"))
    _page, upload = send(web, data)
    assert press(web, upload, "confirm") == 302
    after = Version.objects.get(article__code=code, state="published")
    assert (after.question, after.spoken) == ("断水问题", "先看阀门。") and after.article.owner_body_id is not None


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"code": "Bad Code"}, "代码"), ({"category": "99"}, "类别"), ({"owner_body": "nobody"}, "责任单位"),
        ({"provenance": "sourced", "source": ""}, "出处"), ({"source_url": "javascript:1"}, "出处网址"),
        ({"division": "110105"}, "适用区划"), ({"valid_from": "2027-01-01", "valid_to": "2026-01-01"}, "失效日期"),
    ],
)  # fmt: skip
def test_rows_that_will_not_do_are_refused_with_their_column(
    tree: Cast, published: Callable[..., str], change: dict[str, str], column: str
) -> None:
    code, web = published("停水问题"), tree.client("administrator")
    page, upload = send(web, workbook([rows()[code] | {"question": "断水问题"} | change]))
    assert "什么都不会改" in page and f'data-label="列">{column}<' in page
    assert press(web, upload, "confirm") == 422 and queries.search("断水").total == 0


def test_only_administrators(tree: Cast, published: Callable[..., str]) -> None:
    published()
    for who in ("handler-water", "operator", "auditor"):
        assert tree.client(who).get(HOME).status_code == 403
    page = tree.client("administrator").get("/knowledge/").content.decode()
    assert HOME in page and "/knowledge/export.xlsx" in page
