"""The telephone and the round of verifiers as pages: who may, in how many queries, and what a wrong press answers."""

# ruff: noqa: F811 - fixtures of a neighbouring file are imported by their names
from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from linli.response import actions, queries
from linli.response.models import CallLease, Case
from linli.testing.cast import CAST
from linli.testing.fixtures import Cast
from linli.vault.models import ReadLog

from .conftest import Press
from .test_calls import TEN, Closed, at, closed, fresh  # noqa: F401
from .test_chain import to_fed_back
from .test_onspot import dice, mend  # noqa: F401
from .test_web_cases import BUDGETS, sql_of

pytestmark = pytest.mark.django_db


def number(case: Case) -> str:
    return queries.number_of_case(case)


def test_who_may(district: Cast) -> None:
    for person in CAST:
        client = district.client(person.username)
        wanted = 200 if person.kind in ("operator", "desk") else 403
        assert client.get("/callbacks/").status_code == wanted, person.username
        assert client.get("/checks/").status_code == (200 if person.kind == "verifier" else 403), person.username


def test_a_call_from_taking_to_the_next(closed: Closed, district: Cast) -> None:
    with at(TEN):
        first, second = closed(), closed()
        client = district.client("operator")
        assert sql_of(client, "/callbacks/") <= BUDGETS["response:calls"]
        assert client.post("/callbacks/take").status_code == 303
        text = client.get("/callbacks/").content.decode()
        assert number(first) in text and "单元门口的垃圾两天没清" in text and "已清理" in text
        assert "13800138000" not in text and not ReadLog.objects.exists()
        assert sql_of(client, "/callbacks/") <= BUDGETS["response:calls"]
        shown = client.post(f"/callbacks/{number(first)}/contact").content.decode()
        assert "13800138000" in shown
        read = ReadLog.objects.get()
        assert (
            read.subject == f"case:{first.pk}"
            and "回访" in read.reason
            and read.actor == district.actor("operator").label
        )
        bad = client.post(f"/callbacks/{number(first)}/result", {"version": first.matter.version, "result": "talked"})
        assert bad.status_code == 422 and "请选择是否解决" in bad.content.decode()
        done = client.post(
            f"/callbacks/{number(first)}/result",
            {
                "version": first.matter.version,
                "result": "talked",
                "outcome": "solved",
                "satisfaction": "fair",
                "then": "next",
            },
            follow=True,
        )
        text = done.content.decode()
        assert "回访完成" in text and number(second) in text
        assert fresh(first).matter.stage == "ended"


def test_the_number_is_shown_only_to_whoever_has_the_case(closed: Closed, district: Cast) -> None:
    with at(TEN):
        case = closed()
        assert actions.take_call(actor=district.actor("desk")) == case
        answer = district.client("operator").post(f"/callbacks/{number(case)}/contact")
        assert answer.status_code == 409 and not ReadLog.objects.exists()
        desk = district.client("desk")
        assert desk.post(f"/callbacks/{number(case)}/lease", {"act": "keep"}).status_code == 204
        assert CallLease.objects.get().until == TEN + timedelta(minutes=10)
        assert desk.post(f"/callbacks/{number(case)}/lease", {"act": "release"}).status_code == 204
        assert not CallLease.objects.exists()


def test_who_is_second_is_told_who_was_first(closed: Closed, district: Cast) -> None:
    with at(TEN):
        case = closed()
        said = {"version": case.matter.version, "result": "talked", "outcome": "solved", "satisfaction": "fair"}
        assert district.client("desk").post(f"/callbacks/{number(case)}/result", said).status_code == 303
        late = district.client("operator").post(f"/callbacks/{number(case)}/result", said, follow=True)
        assert "许文静" in late.content.decode()


def test_the_round_goes_by_place_and_leaves_out_ones_own(
    reported: Any,
    press: Press,
    mend: Any,
    dice: Any,
    district: Cast,
) -> None:
    dice(True)
    plain = to_fed_back(reported(), press)
    drawn = Case.objects.get(pk=mend().matter_id)
    client = district.client("verifier")
    page = client.get("/checks/").content.decode()
    assert number(plain) in page and number(drawn) in page and "抽中 20%" in page
    assert sql_of(client, "/checks/") <= BUDGETS["response:checks"]
    assert sql_of(client, "/checks/?subdistrict=110102018") <= BUDGETS["response:checks"]
    only = client.get("/checks/?drawn=1").content.decode()
    assert number(plain) not in only and number(drawn) in only
    assert number(plain) in client.get("/checks/?subdistrict=110102018").content.decode()
    assert number(plain) not in client.get("/checks/?subdistrict=110102010").content.decode()
    from linli.accounts import actions as accounts
    from linli.core.actor import SYSTEM

    accounts.give_post(
        actor=SYSTEM, account_id=district.id("verifier"), kind="handler", division="110102018",
        body_id=fresh(plain).matter.body_id,
    )  # fmt: skip
    assert number(plain) not in district.client("verifier").get("/checks/").content.decode()


def test_the_case_page_tells_the_dice_and_both_photographs(mend: Any, dice: Any, district: Cast) -> None:
    dice(True)
    case = Case.objects.select_related("matter").get(pk=mend().matter_id)
    page = district.client("verifier").get(f"/cases/{number(case)}/").content.decode()
    assert "处理前" in page and "处理后" in page and "抽查核查" in page and re.search(r"按 20% 抽取", page)
    assert len(re.findall(r"data-lightbox", page)) == 2
