"""The API as a program sees it: tokens, idempotency, one JSON form for every refusal."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from linli.accounts import actions as accounts
from linli.response.api import CasesOut
from linli.response.models import Case
from linli.testing.fixtures import Cast

from .conftest import NIUJIE

pytestmark = pytest.mark.django_db
REPORT = {"class_code": "0102", "lon": NIUJIE[0], "lat": NIUJIE[1], "description": "垃圾没清"}


@pytest.fixture
def call(district: Cast) -> Any:
    """call(method, path, json, user=..., key=...) with that person's token."""
    tokens: dict[str, str] = {}

    def send(method: str, path: str, data: Any = None, *, user: str = "operator", key: str = "") -> Any:
        if user and user not in tokens:
            kinds = sorted({p.kind for p in district.actor(user).posts})
            made = accounts.create_token(
                actor=district.actor("administrator"), account_id=district.id(user), name=user, scopes=kinds, days=1
            )
            tokens[user] = made.secret
        headers = {"host": "127.0.0.1", **({"authorization": f"Bearer {tokens[user]}"} if user else {})}
        if key:
            headers["idempotency-key"] = key
        return Client().generic(
            method, f"/api/v1{path}", __import__("json").dumps(data or {}), "application/json", headers=headers
        )

    return send


def test_report_read_move_and_history(call: Any) -> None:
    made = call("POST", "/cases", REPORT, key="k1")
    assert made.status_code == 201 and len(made.json()["code"]) == 10
    again = call("POST", "/cases", REPORT, key="k1")
    assert (again.status_code, again.json()["number"]) == (200, made.json()["number"]) and Case.objects.count() == 1
    number = made.json()["number"]
    seen = call("GET", f"/cases/{number}").json()
    assert seen["stage"] == "reported" and seen["community"].startswith("110102018")
    moved = call("POST", f"/cases/{number}/moves", {"verb": "accept", "version": seen["version"]})
    assert moved.status_code == 200 and moved.json()["stage"] == "accepted"
    late = call("POST", f"/cases/{number}/moves", {"verb": "decline", "version": seen["version"], "text": "重复"})
    assert late.status_code == 409 and late.json()["code"] == "moved_meanwhile"
    assert late.json()["details"]["first"].startswith("token:") and late.json()["details"]["verb"] == "accept"
    sent = call(
        "POST",
        f"/cases/{number}/moves",
        {"verb": "dispatch", "version": 2, "body": "110102018-grid"},
        user="dispatcher",
    )
    assert sent.json()["body"] == "110102018-grid"
    lines = call("GET", f"/cases/{number}/journal").json()
    assert [line["verb"] for line in lines] == ["report", "accept", "dispatch"]
    assert lines[0]["text"] == {"description": "垃圾没清"}
    listed = call("GET", "/cases?stage=dispatched&limit=1").json()
    CasesOut.model_validate(listed)
    assert [c["number"] for c in listed["cases"]] == [number] and listed["next_after"] == ""


def test_pages_go_on_by_key(call: Any) -> None:
    numbers = [call("POST", "/cases", REPORT).json()["number"] for _ in range(5)]
    seen, after = [], ""
    while True:
        page = call("GET", f"/cases?limit=2&after={after}").json()
        seen += [c["number"] for c in page["cases"]]
        after = page["next_after"]
        if not after:
            break
    assert seen == numbers[::-1]


@pytest.mark.parametrize(
    ("method", "path", "data", "user", "status", "code"),
    [
        ("POST", "/cases", REPORT, "", 401, "not_signed_in"),
        ("POST", "/cases", REPORT, "verifier", 403, "not_intake"),
        ("POST", "/cases", {**REPORT, "lon": "east"}, "operator", 422, "invalid_input"),
        ("POST", "/cases", {**REPORT, "channel": "web"}, "operator", 422, "invalid_input"),
        ("POST", "/cases", {**REPORT, "lon": 0, "lat": 0}, "operator", 422, "zero_coordinates"),
        ("GET", "/cases?since=22.11.2026", None, "operator", 422, "bad_date"),
        ("GET", "/cases?limit=100000", None, "operator", 422, "invalid_input"),
        ("GET", "/cases?after=x", None, "operator", 422, "bad_page"),
        ("GET", "/cases/261122-000001-0", None, "operator", 422, "bad_number"),
        ("GET", "/cases/261122-999999-8", None, "operator", 404, "no_such_case"),
    ],
)
def test_refusals_have_one_form(
    call: Any, method: str, path: str, data: Any, user: str, status: int, code: str
) -> None:
    from linli.response.rules import luhn

    if path.endswith("999999-8"):
        path = f"/cases/261122-999999-{luhn('261122999999')}"
    answer = call(method, path, data, user=user)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"].startswith("application/json") and answer.json()["message"]


def test_a_broken_body_is_not_a_bug(call: Any, district: Cast) -> None:
    headers = {"host": "127.0.0.1", "authorization": "Bearer nonsense"}
    answer = Client().generic("POST", "/api/v1/cases", "{", "application/json", headers=headers)
    assert answer.status_code == 401 and answer.json()["code"] == "bad_token"


def test_the_list_of_fifty_stays_in_budget(call: Any, reported) -> None:  # type: ignore[no-untyped-def]
    for _ in range(12):
        reported()
    call("GET", "/cases")  # the token and the reference data are kept after the first call
    spent = []
    for _turn in range(3):  # the least: once a second a process also asks for the revisions
        with CaptureQueriesContext(connection) as captured:
            assert len(call("GET", "/cases?subdistrict=110102018&stage=reported").json()["cases"]) == 12
        spent.append(len(captured))
    assert min(spent) <= 4


def test_a_signed_in_browser_cannot_write_through_the_api(district: Cast) -> None:
    client = district.client("operator")
    answer = client.post("/api/v1/cases", REPORT, content_type="application/json", headers={"host": "127.0.0.1"})
    assert answer.status_code in (401, 403) and Case.objects.count() == 0
