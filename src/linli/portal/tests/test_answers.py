"""先查一查: what residents find and read, that it is counted without them, and what they never see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as house
from django.db import OperationalError
from django.test import Client

from linli.core.actor import SYSTEM
from linli.knowledge import actions, queries, shelf
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(cast: Cast) -> Iterator[Client]:
    actions.load_pack(actor=SYSTEM, folder=house.PACK)
    shelf.forget_everything()
    yield Client()
    shelf.forget_everything()


def used(code: str) -> dict[str, int]:
    return next(iter(queries.uses(actor=SYSTEM, code=code).values()), {})


def test_search_read_and_say(client: Client) -> None:
    page = client.get("/answers/", {"q": "暖气不热"}).content.decode()
    assert "/answers/heating-cold/" in page and "<mark>" in page
    read = client.get("/answers/heating-cold/").content.decode()
    assert "18 摄氏度" in read and '<ol class="answer-steps">' in read and "暂定" in read and 'href="/report/"' in read
    said = client.post(
        "/answers/heating-cold/helped", {"helped": "no", "version": queries.article("heating-cold").version_id}
    )  # type: ignore[union-attr]
    assert said.status_code == 302
    after = client.get(said["Location"]).content.decode()
    assert "没帮上忙" in after and "有帮助</button>" not in after
    assert used("heating-cold") == {"read": 1, "not_helped": 1}
    assert client.cookies.keys() <= {"csrftoken", "messages", "sessionid"}


def test_suggestions_lead_to_the_residents_pages(client: Client) -> None:
    found = client.get("/answers/search", {"q": "jzz"}).json()["results"]
    assert found[0]["url"] == "/answers/residence-permit/"


def test_what_is_for_staff_is_not_there(client: Client) -> None:
    assert "staff-no-lookup" not in client.get("/answers/", {"q": "电话号码查以前的反映"}).content.decode()
    for path in ("staff-no-lookup", "nothing", "x" * 200):
        assert client.get(f"/answers/{path}/").status_code == 404
        assert client.post(f"/answers/{path}/helped", {"helped": "yes"}).status_code == 404
    assert client.get("/knowledge/search", {"q": "jzz"}).status_code == 302


def test_odd_requests(client: Client, settings: Any) -> None:
    for odd in ("\0", "x" * 100_000, "\u202e", "<script>", "%"):
        page = client.get("/answers/", {"q": odd, "category": odd[:20]})
        assert page.status_code == 200 and b"<script>alert" not in page.content
        assert client.get("/answers/search", {"q": odd}).status_code == 200
    assert client.post("/answers/passport/helped", {"helped": "maybe"}).status_code == 422
    for version in ("x", "-1", "9" * 40, "1", "１"):
        assert client.post("/answers/passport/helped", {"helped": "yes", "version": version}).status_code == 302
    settings.PORTAL_LIMITS = {"mark": [[1, 3600]]}
    assert client.post("/answers/passport/helped", {"helped": "yes"}).status_code == 429
    assert used("passport") == {"helped": 5}


def test_a_busy_database_still_shows_the_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(**_more: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(actions, "count_use", busy)
    assert client.get("/answers/passport/").status_code == 200


def test_an_empty_shelf_and_english(cast: Cast) -> None:
    shelf.forget_everything()
    web = Client()
    assert "还没有答复" in web.get("/answers/").content.decode()
    web.cookies["linli_language"] = "en"
    assert '<html lang="en"' in web.get("/answers/").content.decode()


def test_query_budgets(client: Client, django_assert_max_num_queries: Any) -> None:
    for path, most in {
        "/answers/": 5,
        "/answers/?q=暖气": 3,
        "/answers/search?q=暖气": 2,
        "/answers/passport/": 5,
    }.items():
        client.get(path)
        with django_assert_max_num_queries(most):
            assert client.get(path).status_code == 200
