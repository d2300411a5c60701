"""The inbox: whose matters, in which tab, most urgent first, paged by key; what it says when something changes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.flow import relay
from linli.flow.models import Matter
from linli.response import actions
from linli.response import queries as response
from linli.response.models import Case
from linli.site import live
from linli.testing.fixtures import Cast
from linli.workbench import queries, registry

NIUJIE, DESHENG = (116.3596, 39.8862), (116.3793, 39.9585)
SESSION = ("django_session", "accounts_account", "accounts_postheld", "SAVEPOINT", "BEGIN", "COMMIT")
PROBES = ("_revision", 'MAX("flow_outbox"."position")')  # asked twice a second at most by a process, whatever the page


def report(cast: Cast, where: tuple[float, float] = NIUJIE, ago_h: float = 0) -> Case:
    with clock.at(clock.now() - timedelta(hours=ago_h), actor=SYSTEM):
        values = actions.Report(
            channel="phone", class_code="0102", lon=where[0], lat=where[1], description="垃圾没清。"
        )
        receipt = actions.report_case(actor=cast.actor("operator"), report=values)
        return Case.objects.select_related("matter").get(pk=receipt.matter_id)


def press(cast: Cast, username: str, case: Case, verb: str) -> None:
    actor = cast.actor(username)
    seen = response.case_for(actor, response.number_of_case(case))
    actions.move_case(actor=actor, case=seen, step=actions.Step(verb, seen.matter.version))


def titles(page: str) -> int:
    return len(re.findall(r'<a class="row"', page))


def test_the_inbox_holds_what_waits_for_this_post(district: Cast) -> None:
    report(district)
    report(district, DESHENG, ago_h=100)
    press(district, "operator", report(district), "accept")
    operator = queries.inbox(district.actor("operator"), "today").counts
    assert sum(operator.values()) == 2 and operator["overdue"] == 1
    assert sum(queries.inbox(district.actor("dispatcher"), "today").counts.values()) == 1
    assert sum(queries.inbox(district.actor("dispatcher-niujie"), "today").counts.values()) == 1
    assert sum(queries.inbox(district.actor("dispatcher-desheng"), "today").counts.values()) == 0
    assert sum(queries.inbox(district.actor("desk"), "today").counts.values()) == 1  # Niujie's own


def test_what_was_raised_to_the_district_waits_for_the_district_alone(district: Cast) -> None:
    def waiting(username: str) -> int:
        return sum(queries.inbox(district.actor(username), "today").counts.values())

    case = report(district)
    press(district, "operator", case, "accept")
    assert waiting("dispatcher-niujie") == waiting("dispatcher") == 1
    Case.objects.filter(pk=case.pk).update(level="district", return_count=1)
    for stage in ("accepted", "finding", "return_asked"):
        type(case.matter).objects.filter(pk=case.pk).update(stage=stage)
        assert (waiting("dispatcher-niujie"), waiting("dispatcher")) == (0, 1), stage
    type(case.matter).objects.filter(pk=case.pk).update(stage="fed_back")  # who verifies is no question of the level
    assert waiting("verifier") == 1


@pytest.mark.parametrize(
    "username", ["operator", "desk", "dispatcher", "grid-niujie", "handler-water", "verifier", "chief"]
)
def test_everyone_who_works_on_cases_has_one(district: Cast, username: str) -> None:
    page = district.client(username).get("/inbox/").content.decode()
    assert page.count("<h1") == 1 and "没有别的待办" in page


@pytest.mark.parametrize("username", ["auditor", "analyst"])
def test_who_answers_for_nothing_is_told_so(district: Cast, username: str) -> None:
    assert district.client(username).get("/inbox/").status_code == 403


def test_nobody_signed_in_is_asked_to(client: Client, district: Cast) -> None:
    assert client.get("/inbox/?tab=soon").headers["Location"].startswith("/login/?next=")


def test_the_counts_of_the_tabs_are_the_rows_behind_them(district: Cast) -> None:
    for ago_h in (0, 0, 30, 70, 100, 200):
        report(district, ago_h=ago_h)
    client, seen = district.client("operator"), 0
    for tab in queries.TABS:
        page = client.get(f"/inbox/?tab={tab}").content.decode()
        said = int(re.search(r'aria-current="page".*?<b class="num">(\d+)</b>', page).group(1))  # type: ignore[union-attr]
        assert titles(page) == said
        seen += said
    assert seen == 6
    first = client.get("/inbox/").content.decode()
    assert 'tab=overdue" aria-current="page"' in first  # the most urgent tab that holds something


def test_pages_go_on_by_key_and_lose_nothing(district: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for ago_h in (100, 100, 100, 90, 80, 80, 70):
        report(district, ago_h=ago_h)
    monkeypatch.setattr(queries, "LIMIT", 3)
    actor, after, found = district.actor("operator"), "", []
    for _page in range(3):
        page = queries.inbox(actor, "overdue", after)
        found += [row.id for row in page.rows]
        after = page.next_after
    assert after == "" and len(found) == len(set(found)) == 7
    dues = dict(Matter.objects.values_list("pk", "due_at"))
    assert [dues[pk] for pk in found] == sorted(dues[pk] for pk in found)


@pytest.mark.parametrize(
    "after", ["x", "2026-01-01~1", "2026-01-01T00:00:00+00:00~x", "~", "2026-01-01T00:00:00+00:00~" + "9" * 40]
)
def test_a_mistyped_key_is_refused(district: Cast, after: str) -> None:
    assert district.client("operator").get("/inbox/", {"tab": "overdue", "after": after}).status_code == 422


def test_a_call_back_that_is_late_says_late(district: Cast) -> None:
    case = report(district)
    now = clock.now()
    Matter.objects.filter(pk=case.pk).update(stage="closed", closed_at=now, due_at=now - timedelta(hours=1))
    (row,) = queries.inbox(district.actor("operator"), "overdue").rows
    assert row.kind == "late" and str(row.line.stage) == "待回访"


def test_rows_say_where_what_and_until_when(district: Cast) -> None:
    case = report(district, ago_h=100)
    (row,) = queries.inbox(district.actor("operator"), "overdue").rows
    assert row.line.number == response.number_of_case(case)
    assert row.line.url == f"/cases/{row.line.number}/"
    assert row.line.place.startswith("牛街") and "超期" in row.time and row.kind == "late"


def test_the_live_hint_counts_only_ones_own(district: Cast) -> None:
    relay.stamp()
    start = relay.position()
    report(district, DESHENG)
    relay.stamp()
    assert live.reader is not None
    assert live.reader(district.actor("operator"), "inbox", start)["inbox"] == 1
    assert live.reader(district.actor("desk"), "inbox", start)["inbox"] == 0
    assert live.reader(district.actor("dispatcher"), "inbox", start)["inbox"] == 0  # not theirs before it is accepted


def test_every_flow_has_a_renderer() -> None:
    assert {f.kind for f in registry.flows()} == {
        "case",
        "consultation",
        "ground_change",
        "net_merger",
        "summons",
        "topic",
    }
    assert {"operator", "dispatcher", "handler", "verifier"} <= registry.kinds()


def test_sql_budget(district: Cast) -> None:
    for ago_h in (0, 100, 200):
        report(district, ago_h=ago_h)
    client = district.client("operator")
    client.get("/inbox/?tab=overdue")
    with CaptureQueriesContext(connection) as captured:
        client.get("/inbox/?tab=overdue")
    sql = [q["sql"] for q in captured if not any(word in q["sql"] for word in (*SESSION, *PROBES))]
    assert len(sql) <= 6, sql  # three counts, the page, its cases; one for a second way of having work
