"""Request ids, the language cookie, and refusals in the form that the caller reads."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("linli.site.tests.refusing_urls")]
HTML = {"HTTP_ACCEPT": "text/html,application/xhtml+xml,*/*;q=0.8"}


def get(path: str, **headers: str):
    return Client(raise_request_exception=False).get(path, **headers)


def test_request_id_is_given_and_a_strangers_id_is_not_taken(settings):
    first, second = get("/styleguide/"), get("/styleguide/", HTTP_X_REQUEST_ID="chosen-by-a-stranger")
    assert re.fullmatch(r"[0-9a-f]{32}", first.headers["X-Request-Id"])
    assert second.headers["X-Request-Id"] != "chosen-by-a-stranger"
    settings.TRUSTED_PROXIES = 1
    assert get("/styleguide/", HTTP_X_REQUEST_ID="from-our-proxy-1").headers["X-Request-Id"] == "from-our-proxy-1"
    assert get("/styleguide/", HTTP_X_REQUEST_ID='bad" id\n').headers["X-Request-Id"] != 'bad" id\n'


def test_chinese_is_the_default_whatever_the_browser_asks_for():
    response = get("/styleguide/", HTTP_ACCEPT_LANGUAGE="en-US,en;q=0.9")
    assert response.headers["Content-Language"] == "zh-CN"
    assert '<html lang="zh-CN"' in response.content.decode()


def test_language_is_chosen_once_and_kept():
    client = Client()
    response = client.post("/language/", {"language": "en", "next": "/styleguide/?state=long"})
    assert (response.status_code, response.headers["Location"]) == (302, "/styleguide/?state=long")
    page = client.get("/styleguide/")
    assert '<html lang="en"' in page.content.decode()
    assert page.headers["Content-Language"] == "en"


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"])
def test_language_never_leads_away(away: str):
    response = Client().post("/language/", {"language": "en", "next": away})
    assert response.headers["Location"] == "/"


def test_unknown_language_is_ignored():
    response = Client().post("/language/", {"language": "xx", "next": "/styleguide/"})
    assert "linli_language" not in response.cookies
    assert get("/language/").status_code == 405
    client = Client()
    client.cookies["linli_language"] = "../../etc"
    assert '<html lang="zh-CN"' in client.get("/styleguide/").content.decode()


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("invalid", 422, "bad_phone"),
        ("forbidden", 403, "own_case"),
        ("conflict", 409, "stale"),
        ("too-many", 429, "too_many"),
        ("django-404", 404, "not_found"),
        ("django-403", 403, "not_allowed"),
        ("locked", 503, "busy"),
    ],
)
def test_a_refusal_is_a_page_json_or_a_fragment(kind: str, status: int, code: str):
    page = get(f"/refuse/{kind}", **HTML)
    text = page.content.decode()
    assert page.status_code == status
    assert page.headers["Content-Type"].startswith("text/html")
    assert "<title>错误：" in text
    assert text.count("<h1") == 1
    assert code in text

    for answer in (get(f"/api/refuse/{kind}", **HTML), get(f"/refuse/{kind}", HTTP_ACCEPT="application/json")):
        assert answer.status_code == status
        body = json.loads(answer.content)
        assert body["code"] == code
        assert body["message"]

    fragment = get(f"/refuse/{kind}", HTTP_HX_REQUEST="true", **HTML)
    assert fragment.status_code == status
    assert fragment.headers["HX-Retarget"] == "#refusals"
    assert "<html" not in fragment.content.decode()
    assert 'role="alert"' in fragment.content.decode()


def test_fields_travel_with_the_refusal():
    assert json.loads(get("/api/refuse/invalid").content)["fields"] == {"phone": ["应为 11 位数字"]}
    assert "应为 11 位数字" in get("/refuse/invalid", **HTML).content.decode()


def test_try_again_later_says_when():
    assert get("/refuse/too-many", **HTML).headers["Retry-After"] == "17"
    assert get("/refuse/locked", **HTML).headers["Retry-After"] == "2"


def test_a_refusal_leads_back_to_our_page_only():
    ours = get("/refuse/conflict", HTTP_REFERER="http://testserver/styleguide/?state=long", **HTML).content.decode()
    theirs = get("/refuse/conflict", HTTP_REFERER="https://evil.example/x", **HTML).content.decode()
    assert 'href="/styleguide/?state=long"' in ours
    assert "evil.example" not in theirs


@pytest.mark.parametrize("kind", ["bug", "other-db"])
def test_a_bug_is_not_a_refusal(kind: str):
    page = get(f"/refuse/{kind}", **HTML)
    assert page.status_code == 500
    text = page.content.decode()
    assert "系统出错了" in text
    assert "13800138000" not in text
    assert page.headers["X-Request-Id"] in text
    answer = get(f"/api/refuse/{kind}")
    assert (answer.status_code, json.loads(answer.content)["code"]) == (500, "failed")


def test_unknown_addresses_answer_in_the_callers_form():
    assert get("/nothing/here/", **HTML).status_code == 404
    assert json.loads(get("/api/nothing").content)["code"] == "not_found"


def test_csrf_failure_says_what_to_do():
    response = Client(enforce_csrf_checks=True).post("/post-me/", {}, **HTML)
    assert response.status_code == 403
    assert "刷新页面" in response.content.decode()


def test_the_content_security_policy_is_strict():
    policy = get("/styleguide/").headers["Content-Security-Policy"]
    parts = {p.split()[0]: p.split()[1:] for p in policy.split(";") if p.strip()}
    assert parts["default-src"] == ["'none'"]
    for name in ("script-src", "style-src", "worker-src", "connect-src", "form-action", "manifest-src", "font-src"):
        assert parts[name] == ["'self'"], name
    for name in ("object-src", "base-uri", "frame-ancestors"):
        assert parts[name] == ["'none'"], name
    assert "unsafe" not in policy


def test_pages_carry_nothing_that_the_policy_forbids():
    for path in ("/styleguide/", "/styleguide/?state=error", "/nothing/", "/refuse/bug"):
        text = get(path, **HTML).content.decode()
        assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", text), path
        assert "<style" not in text
        assert not re.search(r"<script(?![^>]*\ssrc=)", text)
        assert "http://" not in text.replace("http://www.w3.org", "").replace("http://testserver", "")
