"""Who answered which share: the measure against a count by hand, its scope, its page, its files."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from linli.core import clock
from linli.core.errors import Forbidden
from linli.organisations import queries as organisations
from linli.response import actions
from linli.response.models import Case
from linli.response.queries.shares import GROUPS, SUBJECTS, shares
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db
Report = Callable[..., Case]
Press = Callable[..., Case]


def around() -> dict[str, Any]:
    return {"since": clock.now() - timedelta(days=1), "until": clock.now() + timedelta(days=1)}


@pytest.fixture
def closed(reported: Report, press: Press, district: Cast) -> None:
    """Two by the grid team (one late), one by a claimant, one answered by the hotline, one merged, one still open."""

    def by_team(case: Case) -> None:
        team = organisations.body_by_code("110102018-grid")
        assert team is not None
        press("dispatcher-niujie", case, "dispatch", body_id=team.id)
        press("grid-niujie", case, "sign")
        press("grid-niujie", case, "feed_back", text="清了")
        press("verifier", case, "pass")
        press("verifier", case, "close")

    kept = {"phone": "13800138000", "consent": "case_contact-1"}
    first, late, merged = reported(**kept), reported(**kept), reported()
    press("operator", first, "accept")
    press("operator", merged, "merge", extra={"parent": Case.objects.select_related("matter").get(pk=first.pk)})
    by_team(first)
    press("operator", late, "accept")
    by_team(late)
    Case.objects.filter(pk=late.pk).update(first_closed_on_time=False)
    for case in (first, late):
        press("operator", case, "call", extra={"call": "talked"})
    press("operator", first, "call_back", outcome="solved", satisfaction="satisfied")
    press("operator", late, "call_back", outcome="solved", satisfaction="dissatisfied")
    need = reported(class_code="8106")
    press("operator", need, "accept")
    owed = organisations.body_by_code("110102018-grid")
    assert owed is not None
    extra = {"claim_by": clock.now() + timedelta(days=1)}
    press("dispatcher-niujie", need, "offer", text="扶手要修", body_id=owed.id, extra=extra)
    need = Case.objects.select_related("matter").get(pk=need.pk)
    step = actions.Step("claim", need.matter.version)
    actions.claim_case(actor=district.actor("claim-care"), case=need, step=step)
    press("claim-care", need, "feed_back", text="修了")
    press("verifier", need, "pass")
    press("verifier", need, "close")
    press("operator", reported(class_code="7107"), "answer", text="带身份证")
    press("operator", reported(), "accept")


def test_the_numbers(closed: None, district: Cast) -> None:
    chief = district.actor("chief")
    with CaptureQueriesContext(connection) as sql:
        found = shares(chief, division="110102", **around())
    assert len(sql) == 1
    by = {s.token: found.whole.of(s.kinds) for s in SUBJECTS}
    assert {t: n.closed for t, n in by.items() if n.closed} == {
        "grid_team": 2,
        "social_organisation": 1,
        "hotline": 1,
    }
    assert found.whole.total == 4, "the merged report is counted with its main case, the open one not at all"
    team = by["grid_team"]
    assert (team.on_time, team.rated, team.content) == (1, 2, 1)
    assert {g.token: found.whole.of(g.kinds).closed for g in GROUPS} == {
        "government": 2,
        "enterprise": 0,
        "society": 1,
        "hotline": 1,
    }
    assert [p.code for p in found.places] == ["110102018"] and sum(p.total for p in found.tops) == 4
    assert not {k for g in GROUPS for k in g.kinds} ^ {k for s in SUBJECTS for k in s.kinds}


def test_the_range_and_the_scope(closed: None, district: Cast) -> None:
    none = {"since": clock.now() + timedelta(hours=1), "until": clock.now() + timedelta(days=1)}
    assert shares(district.actor("auditor"), division="110102", **none).whole.total == 0
    assert shares(district.actor("chief-niujie"), division="110102018", **around()).whole.total == 4
    assert shares(district.actor("chief"), division="110102010", **around()).whole.total == 0
    for who, where in (("chief-niujie", "110102"), ("chief-desheng", "110102018"), ("operator", "110102")):
        with pytest.raises(Forbidden):
            shares(district.actor(who), division=where, **around())


def test_the_page_and_its_files(closed: None, district: Cast) -> None:
    client = district.client("chief")
    text = client.get("/shares/").content.decode()
    for words in ("结案 4 件", "分子", "分母", "50.0%", "25.0%", "社会组织", "<svg", "热线直接答复"):
        assert words in text, words
    lines = client.get("/shares/table.csv").getvalue().decode().splitlines()
    assert "结案数" in lines[0] and any(line.startswith("全部,西城区,网格队,2,4,1,2,1") for line in lines), lines[:12]
    book = openpyxl.load_workbook(io.BytesIO(client.get("/shares/table.xlsx").getvalue()))
    assert len(book.worksheets) == 2 and book.worksheets[0].max_row == len(lines)
    assert "分母" in [c.value for c in book.worksheets[1]["A"]]
    empty = client.get("/shares/?since=2020-01-01&until=2020-01-31").content.decode()
    assert "这段时间没有结案的事项" in empty and "分子" in empty
    for bad in (
        "?since=x",
        "?since=2026-11-22&until=2020-01-01",
        "?division=%00",
        "?division=110102999",
        "?since=9999-12-31",
    ):
        assert client.get(f"/shares/{bad}").status_code == 200, bad
    assert district.client("chief-niujie").get("/shares/?division=110102").status_code == 403
    assert district.client("operator").get("/shares/").status_code == 403
